import { describeError } from '#lib/base';
import { parseYaml } from '#lib/cluster';
import type { InjectValues } from '#lib/inject';
import { parseCertificates } from '#lib/pki';
import { readInjectValues } from '../core/values/read-inject-values.ts';
import { refuseFile } from '../errors.ts';
import { type ConfigFiles, type ConfigPaths, readConfigFiles } from './config-files.ts';

export type LookResult = 'unchanged' | 'updated' | 'refused';

/** The values in use. Only good ones ever replace them. */
export interface ValuesStore {
  /** Undefined until good ones have been read. */
  get(): InjectValues | undefined;
  /** Reads again and takes over what has changed. The same refusal is told once: after that it is unchanged. */
  refresh(): Promise<LookResult>;
}

export interface ValuesStoreOptions extends ConfigPaths {
  readonly namespace: string;
  /** Hears the sentence about what is wrong. */
  readonly onRefused: (sentence: string) => void;
}

export function createValuesStore(options: ValuesStoreOptions): ValuesStore {
  let inUse: InjectValues | undefined;
  let hash = '';
  let lastRefusal = '';
  const refresh = async (): Promise<LookResult> => {
    try {
      const files = await readConfigFiles(options);
      const isNews = files.hash !== hash;
      if (isNews) inUse = parseValues(files, options);
      hash = files.hash;
      lastRefusal = '';
      return isNews ? 'updated' : 'unchanged';
    } catch (error) {
      const sentence = describeError(error);
      if (sentence === lastRefusal) return 'unchanged';
      lastRefusal = sentence;
      options.onRefused(sentence);
      return 'refused';
    }
  };
  return { get: () => inUse, refresh };
}

function parseValues(files: ConfigFiles, options: ValuesStoreOptions): InjectValues {
  const { valuesFile, trustRootsFile, namespace } = options;
  const { trustRootsPem } = files;
  const values = parseDocument(files.valuesYaml, {
    valuesFile,
    place: { namespace, ...(trustRootsPem !== undefined && { trustAnchorsPem: trustRootsPem }) },
  });
  const source = trustRootsPem === undefined ? `${valuesFile}, key identityTrustAnchorsPEM` : trustRootsFile;
  // A damaged bundle would keep every new pod from joining the mesh.
  parseCertificates(values.identityTrustAnchorsPEM, source);
  return values;
}

interface DocumentPlace {
  readonly valuesFile: string;
  readonly place: Parameters<typeof readInjectValues>[1];
}

function parseDocument(yaml: string, { valuesFile, place }: DocumentPlace): InjectValues {
  try {
    return readInjectValues(parseYaml(yaml), place);
  } catch (error) {
    const sentence = `cannot be used: ${describeError(error)} Correct the chart's values and upgrade.`;
    throw refuseFile(valuesFile, sentence, error);
  }
}
