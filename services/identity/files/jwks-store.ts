import { describeError } from '#lib/base';
import { type JwtKeys, parseJwks } from '../tokens/jwks.ts';
import { readText } from './credential-files.ts';

export interface JwksStore {
  /** Empty until loaded. */
  get(): JwtKeys;
  /** Reads for the first time. Throws the sentence about what is wrong. */
  load(): Promise<void>;
  /** Reads again; an unusable file is told once, and the old keys continue. */
  refresh(): Promise<void>;
}

export function createJwksStore(path: string, warn: (sentence: string) => void): JwksStore {
  let keys: JwtKeys = new Map();
  let text = '';
  let lastWarning = '';

  const load = async () => {
    const found = await readText(path);
    if (found === text) return;
    keys = parseJwks(found, path);
    text = found;
  };

  const refresh = async () => {
    try {
      await load();
      lastWarning = '';
    } catch (error) {
      const warning = describeError(error);
      if (warning !== lastWarning) warn(warning);
      lastWarning = warning;
    }
  };

  return { get: () => keys, load, refresh };
}
