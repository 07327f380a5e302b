import { ANNOTATION, type PortSet, readPortSet, type Service, servicePortNames } from '#lib/resources';
import { AnnotationError, type Annotations } from './annotation-reader.ts';
import { type FailureAccrual, readFailureAccrual } from './failure-accrual.ts';
import { type LoadBias, readLoadBias } from './load-bias.ts';
import { type HttpRetry, readHttpRetry } from './retry.ts';
import { readTimeouts, type Timeouts } from './timeouts.ts';

/** What a Service says about traffic to it. */
export interface ServiceSettings {
  /** Undefined: the mesh's default list. */
  readonly opaquePorts: PortSet | undefined;
  readonly failureAccrual: FailureAccrual | undefined;
  readonly loadBias: LoadBias | undefined;
  readonly timeouts: Timeouts;
  readonly httpRetry: HttpRetry | undefined;
  /** One sentence for each setting that was ignored. */
  readonly warnings: readonly string[];
}

/** Each group of annotations counts or is ignored as a whole. Source: facts sheet control-plane, section 3.4. */
export function readServiceSettings(service: Service): ServiceSettings {
  const annotations = service.metadata.annotations ?? {};
  const warnings: string[] = [];
  const read = <T, F>(group: (annotations: Annotations) => T, fallback: F): T | F => {
    try {
      return group(annotations);
    } catch (error) {
      if (!(error instanceof AnnotationError)) throw error;
      warnings.push(error.message);
      return fallback;
    }
  };
  return {
    opaquePorts: readOpaquePorts(service, warnings),
    failureAccrual: read(readFailureAccrual, undefined),
    loadBias: read(readLoadBias, undefined),
    timeouts: read(readTimeouts, {}),
    httpRetry: read(readHttpRetry, undefined),
    warnings,
  };
}

function readOpaquePorts(service: Service, warnings: string[]): PortSet | undefined {
  const text = service.metadata.annotations?.[ANNOTATION.opaquePorts];
  if (text === undefined) return undefined;
  const { ports, errors } = readPortSet(text, servicePortNames(service.spec));
  for (const error of errors) warnings.push(`annotation ${ANNOTATION.opaquePorts}: ${error.message}`);
  return ports;
}
