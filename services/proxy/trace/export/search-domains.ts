import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { AddressResolver } from '../../control/connection/resolver.ts';

/** How names that do not end in a dot are looked up (resolv.conf(5)). */
export interface SearchDomains {
  readonly domains: readonly string[];
  /** A name with so many dots is looked up as it is first. */
  readonly ndots: number;
}

const RESOLV_CONF = '/etc/resolv.conf';

/** Those of this pod; none where they cannot be read. */
export function readSearchDomains(path = RESOLV_CONF): SearchDomains {
  try {
    return parseSearchDomains(readFileSync(path, 'utf8'));
  } catch {
    return { domains: [], ndots: 1 };
  }
}

export function parseSearchDomains(text: string): SearchDomains {
  let domains: readonly string[] = [];
  let ndots = 1;
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.trim().split(/\s+/);
    // The last line counts.
    if (keyword === 'search' || keyword === 'domain') domains = words;
    if (keyword === 'options')
      ndots = Number(
        /^ndots:(\d{1,2})$/.exec(words.find((word) => word.startsWith('ndots:')) ?? '')?.[1] ?? ndots,
      );
  }
  return { domains, ndots };
}

/**
 * The same resolver for names as users write them, such as `collector.tracing:4317`: it tries the search domains, as
 * every program in the pod does. The rest of the control plane is named in full, with a dot at the end.
 */
export function withSearch(resolver: AddressResolver, search: SearchDomains): AddressResolver {
  return {
    async resolve(host, port) {
      const [first = host, ...others] = listNames(host, search);
      let found = resolver.resolve(first, port);
      for (const name of others) found = found.catch(() => resolver.resolve(name, port));
      return found;
    },
  };
}

function listNames(host: string, { domains, ndots }: SearchDomains): readonly string[] {
  if (host.endsWith('.') || isIP(host) !== 0 || /^localhost$/i.test(host)) return [host];
  const searched = domains.map((domain) => `${host}.${domain}`);
  const dots = host.split('.').length - 1;
  return dots >= ndots ? [host, ...searched] : [...searched, host];
}
