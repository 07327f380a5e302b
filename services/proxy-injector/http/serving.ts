import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import type { AdmissionServer, KeyPair } from './admission-server.ts';

/** The webhook's server, which listens once there is a certificate and takes over each later one. */
export interface Serving {
  readonly port: number | undefined;
  /** For new connections from now on. Throws where it cannot be used; the one before stays. */
  setCertificate(pair: KeyPair): void;
  /** Waits for a certificate and listens; resolves also when it is closed before. */
  open(): Promise<void>;
  /** Answers those who have not noticed for `lameDuckMs`, then ends. */
  close(lameDuckMs: number): Promise<void>;
}

export function createServing(start: (pair: KeyPair) => Promise<AdmissionServer>): Serving {
  const first = Promise.withResolvers<void>();
  let pair: KeyPair | undefined;
  let server: AdmissionServer | undefined;
  let isClosed = false;
  return {
    get port() {
      return server?.port;
    },
    setCertificate(next) {
      createSecureContext({ cert: next.certPem, key: next.keyPem });
      pair = next;
      server?.setCertificate(next);
      first.resolve();
    },
    async open() {
      await first.promise;
      if (pair === undefined || isClosed) return;
      const started = await start(pair);
      // Meanwhile it may have changed, or be over.
      started.setCertificate(pair);
      if (isClosed) await started.close();
      else server = started;
    },
    async close(lameDuckMs) {
      isClosed = true;
      first.resolve();
      if (server === undefined) return;
      server.beginDrain();
      await sleep(lameDuckMs);
      await server.close();
    },
  };
}
