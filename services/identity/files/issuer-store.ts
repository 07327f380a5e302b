import { type Clock, describeError } from '#lib/base';
import { loadIssuer, parseCertificates } from '#lib/pki';
import type { IssuerInUse } from '../core/certify.ts';
import type { EventSink } from '../core/event.ts';
import type { CredentialFiles } from './credential-files.ts';

export interface IssuerStoreOptions {
  readonly read: () => Promise<CredentialFiles>;
  readonly clock: Clock;
  readonly events: EventSink;
}

/** The issuer in use. Only a good one ever replaces it. */
export interface IssuerStore {
  get(): IssuerInUse | undefined;
  /** Reads and verifies for the first time. Throws the sentence about what is wrong. */
  load(): Promise<void>;
  /**
   * Reads again and takes over what has changed; of a bad change the old issuer survives. The same refusal is told
   * once: after that it counts as unchanged.
   */
  refresh(): Promise<'unchanged' | 'updated' | 'refused'>;
}

export function createIssuerStore({ read, clock, events }: IssuerStoreOptions): IssuerStore {
  let inUse: IssuerInUse | undefined;
  let hash = '';
  let lastRefusal = '';

  const take = (files: CredentialFiles) => {
    const issuer = loadIssuer({ ...files, nowMs: clock.now() });
    inUse = { issuer, anchors: parseCertificates(files.anchorsPem, files.names.anchors) };
    hash = files.hash;
    lastRefusal = '';
  };

  const refresh = async () => {
    try {
      const files = await read();
      if (files.hash === hash) {
        lastRefusal = '';
        return 'unchanged';
      }
      take(files);
      events.record({ type: 'Normal', reason: 'IssuerUpdated', message: 'Updated identity issuer' });
      return 'updated';
    } catch (error) {
      const message = describeError(error);
      // Tried again at every look, since time alone can make an issuer valid; told only when it is news.
      const isNews = withoutTime(message) !== lastRefusal;
      lastRefusal = withoutTime(message);
      if (isNews) events.record({ type: 'Warning', reason: 'IssuerUpdateSkipped', message });
      return isNews ? 'refused' : 'unchanged';
    }
  };

  return { get: () => inUse, load: async () => take(await read()), refresh };
}

function withoutTime(message: string): string {
  return message.replace(/ \(it is [^)]* now\)/, '');
}
