import { getFips } from 'node:crypto';
import { PROTOCOL_OPTIONS } from '../transport/tls-config.ts';
import type { Families } from './families.ts';

/** The version of this proxy. */
export const PROXY_VERSION = '0.1.0';

/**
 * Registers what this program is. Dashboards read the version off `proxy_build_info`. There is no `rustls_info`: TLS
 * is OpenSSL's here, and a metric of that name would say otherwise; `proxy_tls_info` has the same facts.
 */
export function registerBuildInfo({ modern }: Families): void {
  modern
    .gauge('proxy_build_info', 'Proxy build info')
    .keepForever()
    .with({ date: '', git_sha: '', profile: 'release', vendor: 'linkerd-ts', version: PROXY_VERSION })
    .set(1);
  modern
    .gauge('proxy_tls_info', 'The TLS library, and what the proxy lets it negotiate')
    .keepForever()
    .with({
      library: 'OpenSSL',
      version: process.versions.openssl,
      tls_suites: listOf(PROTOCOL_OPTIONS.ciphers),
      tls_kx_groups: listOf(PROTOCOL_OPTIONS.ecdhCurve),
      tls_fips: String(getFips() === 1),
    })
    .set(1);
}

/** Each name with a comma behind it, as upstream writes the lists of `rustls_info`. */
function listOf(names: string): string {
  return names.replaceAll(':', ',').concat(',');
}
