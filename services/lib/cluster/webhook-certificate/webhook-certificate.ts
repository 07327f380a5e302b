import { SECRETS } from '#lib/resources';
import { type CaBundle, createCaBundle, trustedBundle } from './ca-bundle.ts';
import { createLeaseLock, type LeaseLock } from './lease-lock.ts';
import { createMintedSecret, type MintedSecret, type SeenSecret } from './minted-secret.ts';
import { watchObject } from './object-watch.ts';
import type { WebhookCertificateOptions } from './options.ts';
import { createReconciler } from './reconciler.ts';
import type { ServingCertificate } from './serving-certificate.ts';

/** The certificate that a webhook serves with, kept good while it runs (design.md, D4). */
export interface WebhookCertificate {
  /** The last good one; undefined until there is one. */
  get(): ServingCertificate | undefined;
  /** Whether those who call the webhook have been told what to trust, or it is not ours to tell. */
  isTrusted(): boolean;
  /** Looks at everything now: what the watches and the timer do. Never rejects. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Reads the certificate of a webhook from its Secret and follows it. What is `minted` is made here: a replica that
 * finds the Secret missing, damaged, or past two thirds of its life takes the Lease, writes a new certificate, and
 * writes what it is verified with into the webhook's configuration; at a change the new authority is told before its
 * leaf is served. All writes are server-side applies of just these fields.
 */
export function startWebhookCertificate(options: WebhookCertificateOptions): WebhookCertificate {
  const bundle = createCaBundle(options);
  const secret = createMintedSecret(options, bundle);
  const lock = createLeaseLock({
    client: options.client,
    namespace: options.namespace,
    name: options.leaseName,
    holder: options.holder,
    clock: options.clock,
  });
  const keeper = createKeeper(options, { bundle, secret, lock });
  const reconciler = createReconciler({
    run: keeper.reconcile,
    intervalMs: options.intervalMs ?? 10_000,
    random: options.random,
    onFailure: (sentence) => {
      options.log.warn(sentence);
      options.onChange?.('refused');
    },
  });
  const stops = watchBoth(options, () => void reconciler.check());
  return {
    get: keeper.get,
    isTrusted: keeper.isTrusted,
    check: reconciler.check,
    async close() {
      for (const stop of stops) stop();
      await reconciler.close();
    },
  };
}

function watchBoth(options: WebhookCertificateOptions, onChange: () => void): (() => void)[] {
  const { client, namespace, secretName, configuration, random } = options;
  const watch = { client, random, onChange };
  const secret = watchObject({ ...watch, kind: SECRETS, name: { namespace, name: secretName } });
  if (options.caBundle === 'given') return [secret];
  return [secret, watchObject({ ...watch, kind: configuration.kind, name: { name: configuration.name } })];
}

interface KeeperParts {
  readonly bundle: CaBundle;
  readonly secret: MintedSecret;
  readonly lock: LeaseLock;
}

/** `again`: another replica is writing, look again soon. */
type ReconcileResult = 'done' | 'again';

function createKeeper(options: WebhookCertificateOptions, { bundle, secret, lock }: KeeperParts) {
  let current: ServingCertificate | undefined;
  let trusted = false;

  const take = ({ serving }: SeenSecret): void => {
    if (serving === undefined || serving.hash === current?.hash) return;
    current = serving;
    options.onCertificate(serving);
    options.onChange?.('loaded');
  };

  /** Writes the bundle of the Secret as it is now, where the configuration's differs. */
  const publish = async (check: () => void) => {
    take(await secret.read());
    if (current === undefined) return;
    const wanted = trustedBundle(current);
    if ((await bundle.inspect(wanted)) !== 'stale') return;
    check();
    await bundle.write(wanted);
    options.log.info('wrote the caBundle', { configuration: options.configuration.name });
    options.onChange?.('bundle_written');
  };

  const reconcile = async (signal: AbortSignal): Promise<ReconcileResult> => {
    const seen = await secret.read();
    take(seen);
    if (options.secret === 'minted') {
      if (secret.findRenewalReason(seen) !== undefined) {
        const outcome = await lock.run(async (check) => take(await secret.renew({ current, check, signal })));
        if (outcome === 'busy') return 'again';
      }
    } else if (seen.problem !== undefined) throw new Error(`${seen.problem}; the webhook needs it.`);
    if (options.caBundle === 'given') trusted = true;
    else {
      if (current !== undefined && (await bundle.inspect(trustedBundle(current))) === 'stale') {
        if ((await lock.run(publish)) === 'busy') return 'again';
      }
      trusted = current !== undefined;
    }
    return 'done';
  };

  return { reconcile, get: () => current, isTrusted: () => trusted };
}
