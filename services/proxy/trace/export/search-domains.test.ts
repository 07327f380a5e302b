import { describe, expect, it } from 'vitest';
import { parseSearchDomains, readSearchDomains, type SearchDomains, withSearch } from './search-domains.ts';

const CLUSTER: SearchDomains = { domains: ['web.svc.cluster.local', 'svc.cluster.local'], ndots: 5 };

/** Resolves the names that are known, and remembers all that were asked for. */
function createResolver(known: readonly string[]) {
  const asked: string[] = [];
  return {
    asked,
    resolve(host: string, port: number) {
      asked.push(host);
      if (!known.includes(host)) return Promise.reject(new Error(`cannot resolve ${host}`));
      return Promise.resolve({ addresses: [{ host: '10.0.0.1', port }], ttlMs: 5000 });
    },
  };
}

describe('parseSearchDomains()', () => {
  it('reads what Kubernetes writes, and has the defaults of the system otherwise', () => {
    const text =
      'nameserver 10.96.0.10\nsearch a.svc.cluster.local svc.cluster.local\noptions edns0 ndots:5\n';
    expect(parseSearchDomains(text)).toEqual({
      domains: ['a.svc.cluster.local', 'svc.cluster.local'],
      ndots: 5,
    });
    expect(parseSearchDomains('search a\n# search b\nsearch c\noptions ndots:x')).toEqual({
      domains: ['c'],
      ndots: 1,
    });
    expect(parseSearchDomains('')).toEqual({ domains: [], ndots: 1 });
    expect(readSearchDomains('/nowhere')).toEqual({ domains: [], ndots: 1 });
  });
});

describe('withSearch()', () => {
  it.each([
    ['collector', ['collector.web.svc.cluster.local', 'collector.svc.cluster.local', 'collector']],
    ['a.b.c.d.e.f', ['a.b.c.d.e.f', 'a.b.c.d.e.f.web.svc.cluster.local', 'a.b.c.d.e.f.svc.cluster.local']],
    ['collector.tracing.svc.cluster.local.', ['collector.tracing.svc.cluster.local.']],
    ['10.0.0.1', ['10.0.0.1']],
    ['localhost', ['localhost']],
  ])('asks for %s by all its names, in order', async (host, names) => {
    const resolver = createResolver([]);
    await expect(withSearch(resolver, CLUSTER).resolve(host, 1)).rejects.toThrow(
      `cannot resolve ${names.at(-1)}`,
    );
    expect(resolver.asked).toEqual(names);
  });

  it('takes the first that is there', async () => {
    const resolver = createResolver(['collector.tracing.svc.cluster.local', 'collector.tracing']);
    const { addresses } = await withSearch(resolver, CLUSTER).resolve('collector.tracing', 4317);
    expect(addresses).toEqual([{ host: '10.0.0.1', port: 4317 }]);
    expect(resolver.asked).toEqual([
      'collector.tracing.web.svc.cluster.local',
      'collector.tracing.svc.cluster.local',
    ]);
  });
});
