import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '#lib/base';
import { SECRETS, type Secret } from '#lib/resources';
import type { CaBundle } from './ca-bundle.ts';
import { joinBundles, mintCertificate } from './mint.ts';
import type { WebhookCertificateOptions } from './options.ts';
import { findRenewalReason, readServingCertificate, type ServingCertificate } from './serving-certificate.ts';

/** The Secret as it was read. */
export interface SeenSecret {
  readonly secret: Secret | undefined;
  readonly serving: ServingCertificate | undefined;
  /** Why there is nothing to serve with. */
  readonly problem: string | undefined;
}

export interface MintedSecret {
  read(): Promise<SeenSecret>;
  /** Why the certificate has to be made (anew); undefined while it is good. */
  findRenewalReason(seen: SeenSecret): string | undefined;
  /** Makes a new one, unless it was made meanwhile. Call it with the lease held. */
  renew(renewal: Renewal): Promise<SeenSecret>;
}

export interface Renewal {
  /** What is served until then, also where the Secret itself is lost. */
  readonly current: ServingCertificate | undefined;
  /** Throws once the lease is no longer held. */
  readonly check: () => void;
  readonly signal: AbortSignal;
}

export function createMintedSecret(options: WebhookCertificateOptions, bundle: CaBundle): MintedSecret {
  const { client, namespace, secretName, serviceName, clock, log, settleMs = 3000 } = options;
  const dnsNames = [`${serviceName}.${namespace}.svc`];
  const name = { namespace, name: secretName };
  const read = async () => describeSecret(await client.get(SECRETS, name), name);
  const findReason = ({ serving, problem }: SeenSecret) =>
    serving === undefined ? problem : findRenewalReason(serving, { dnsNames, nowMs: clock.now() });

  const renew: MintedSecret['renew'] = async ({ current, check, signal }) => {
    const seen = await read();
    const reason = findReason(seen);
    if (reason === undefined) return seen;
    const nowMs = clock.now();
    const minted = mintCertificate({ dnsNames, nowMs, authority: `${serviceName} CA` });
    const serving = seen.serving ?? current;
    const caPem = joinBundles(minted.caPem, serving?.caPem ?? '', nowMs);
    // While the old leaf still serves, those who call first learn of both authorities, and only then see the new one.
    if (serving !== undefined && serving.notAfterMs > nowMs && options.caBundle === 'minted') {
      check();
      await bundle.write(caPem);
      await sleep(settleMs, undefined, { signal });
    }
    check();
    const secret = describeMinted({ ...minted, caPem }, seen, options);
    const written = await client.apply(SECRETS, secret, { fieldManager: options.fieldManager, force: true });
    log.info('minted a serving certificate', { secret: secretName, reason });
    options.onChange?.('minted');
    return describeSecret(written, name);
  };
  return { read, findRenewalReason: findReason, renew };
}

function describeSecret(secret: Secret | undefined, name: { namespace: string; name: string }): SeenSecret {
  if (secret === undefined) {
    const problem = `there is no Secret ${name.namespace}/${name.name}`;
    return { secret, serving: undefined, problem };
  }
  try {
    return { secret, serving: readServingCertificate(secret), problem: undefined };
  } catch (error) {
    return { secret, serving: undefined, problem: describeError(error) };
  }
}

function describeMinted(
  minted: { readonly certPem: string; readonly keyPem: string; readonly caPem: string },
  { secret }: SeenSecret,
  { namespace, secretName }: WebhookCertificateOptions,
): Secret {
  const { uid, resourceVersion } = secret?.metadata ?? {};
  const encode = (text: string) => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: secretName,
      namespace,
      labels: { 'linkerd.io/control-plane-ns': namespace },
      // Of what was read: a Secret that changed meanwhile is looked at again instead.
      ...(uid && { uid }),
      ...(resourceVersion && { resourceVersion }),
    },
    type: 'kubernetes.io/tls',
    data: {
      'tls.crt': encode(minted.certPem),
      'tls.key': encode(minted.keyPem),
      'ca.crt': encode(minted.caPem),
    },
  };
}
