import type { SecureContext } from 'node:tls';

/** The certificate in use. */
export interface CurrentIdentity {
  /** For handshakes in both roles. */
  readonly context: SecureContext;
  /** Leaf first, then the intermediates. */
  readonly certificatesPem: string;
  readonly notAfterMs: number;
  /** Lower-case hexadecimal. */
  readonly serial: string;
}

/** Who this proxy is. */
export interface IdentityStore {
  /** Undefined until the first certificate. */
  current(): CurrentIdentity | undefined;
  /** Hears of every new certificate; new handshakes are to use it. Returns what stops that. */
  onChange(listener: (identity: CurrentIdentity) => void): () => void;
  /** The first certificate is there. */
  readonly ready: Promise<void>;
}

export interface WritableIdentityStore extends IdentityStore {
  set(identity: CurrentIdentity): void;
}

export function createIdentityStore(): WritableIdentityStore {
  const { promise, resolve } = Promise.withResolvers<void>();
  const listeners = new Set<(identity: CurrentIdentity) => void>();
  let current: CurrentIdentity | undefined;
  return {
    current: () => current,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ready: promise,
    set(identity) {
      current = identity;
      for (const listener of listeners) listener(identity);
      resolve();
    },
  };
}
