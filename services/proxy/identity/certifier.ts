import type { KeyObject } from 'node:crypto';
import { create, identity } from '#lib/api';
import { type Clock, describeError, type Millis } from '#lib/base';
import { type Certificate, createCertificateRequest, formatPrivateKey, generatePrivateKey } from '#lib/pki';
import type { Logger } from '#lib/telemetry';
import type { IdentityConfig } from '../config.ts';
import type { Families } from '../metrics/families.ts';
import { createMeshContext } from '../transport/tls-config.ts';
import type { WritableIdentityStore } from './identity-store.ts';
import { readIssuedCertificate } from './issued-certificate.ts';
import { computeRefreshDelayMs } from './refresh-delay.ts';
import { readToken } from './token-file.ts';

/** Asks the identity service; rejects with its status text. */
export type Certify = (request: identity.CertifyRequest) => Promise<identity.CertifyResponse>;

export interface CertifierOptions {
  readonly config: IdentityConfig;
  readonly anchors: readonly Certificate[];
  readonly store: WritableIdentityStore;
  readonly certify: Certify;
  /** Why the identity service cannot be reached, where it cannot. */
  readonly unreachable: () => string | undefined;
  readonly families: Pick<Families, 'certExpiration' | 'certRefresh' | 'certRefreshes'>;
  readonly log: Logger;
  readonly clock: Clock;
}

export interface Certifier {
  /** What the first certificate waits for, in a sentence; undefined once it is there. */
  describeWait(): string | undefined;
  close(): void;
}

const WAITING_WARNING_MS: Millis = 15_000;

/**
 * Keeps the identity of this process certified: one key, made here and never written anywhere, and a new
 * certificate for it in time. Runs from the call until `close()`.
 */
export function startCertifier(options: CertifierOptions): Certifier {
  const { config, store, log, clock } = options;
  const key = generatePrivateKey();
  const request = createCertificateRequest(config.localName, key);
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let lastError: string | undefined;
  const addr = `${config.service.host}:${config.service.port}`;
  const since = new Date(clock.now()).toISOString();
  const explain = () => options.unreachable() ?? lastError ?? 'no answer yet';
  const warning = setInterval(
    () =>
      log.warn('Waiting for identity to be initialized…', {
        service: 'identity',
        addr,
        since,
        error: explain(),
      }),
    WAITING_WARNING_MS,
  );
  const run = async () => {
    lastError = await certifyOnce(options, key, request);
    if (isClosed) return;
    if (lastError === undefined) clearInterval(warning);
    timer = setTimeout(
      () => void run(),
      computeRefreshDelayMs(config, store.current()?.notAfterMs, clock.now()),
    );
  };
  void run();
  return {
    describeWait() {
      if (store.current() !== undefined) return undefined;
      return `waiting for a certificate from the identity service at ${addr} since ${since}: ${explain()}`;
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      clearInterval(warning);
    },
  };
}

/** Asks for one certificate and puts it to use; the reason, also in the log, where that fails. */
async function certifyOnce(
  options: CertifierOptions,
  key: KeyObject,
  csr: Buffer,
): Promise<string | undefined> {
  const { config, anchors, store, families, log, clock } = options;
  try {
    const response = await options.certify(
      create(identity.CertifyRequestSchema, {
        identity: config.localName,
        token: readToken(config.tokenFile),
        certificateSigningRequest: csr,
      }),
    );
    const nowMs = clock.now();
    const issued = readIssuedCertificate(response, { name: config.localName, key, anchors, nowMs });
    const context = createMeshContext({
      certificatesPem: issued.certificatesPem,
      keyPem: formatPrivateKey(key),
      trustAnchorsPem: config.trustAnchorsPem,
    });
    const isRenewal = store.current() !== undefined;
    store.set({ ...issued, context });
    families.certExpiration.with({}).set(Math.floor(issued.notAfterMs / 1000));
    families.certRefresh.with({}).set(nowMs / 1000);
    families.certRefreshes.with({ result: 'ok' }).inc();
    if (isRenewal) log.info('Renewed certificate', { id: config.localName, serial: issued.serial });
    return undefined;
  } catch (error) {
    families.certRefreshes.with({ result: 'error' }).inc();
    const reason = describeError(error);
    log.warn('Failed to obtain identity', { error: reason });
    return reason;
  }
}
