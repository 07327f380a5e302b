import type { EnvReader } from '#lib/config';
import { type ControlAddress, readControlAddress } from './control-plane.ts';
import { name } from './environment.ts';

/** Where spans go, and what they tell of this process. */
export interface TraceConfig {
  readonly collector: ControlAddress;
  readonly serviceName: string | undefined;
  /** A file of attributes, `k=v` a line: the labels of the pod. */
  readonly attributesPath: string | undefined;
  readonly extraAttributes: ReadonlyMap<string, string>;
  readonly otelAttributes: ReadonlyMap<string, string>;
  readonly hostName: string | undefined;
}

/** Undefined where no collector is named: nothing is traced then. */
export function readTrace(env: EnvReader): TraceConfig | undefined {
  if (env.text(name('TRACE_COLLECTOR_SVC_ADDR')) === undefined) return undefined;
  return {
    collector: readControlAddress(env, 'TRACE_COLLECTOR_SVC'),
    serviceName: env.text(name('TRACE_SERVICE_NAME')),
    attributesPath: env.text(name('TRACE_ATTRIBUTES_PATH')),
    extraAttributes: parseAttributeLines(env.text(name('TRACE_EXTRA_ATTRIBUTES')) ?? ''),
    otelAttributes: parseAttributeLines(env.text('OTEL_RESOURCE_ATTRIBUTES') ?? ''),
    hostName: env.text('HOSTNAME'),
  };
}

/** `k=v` a line; double quotes around a value are left out, and lines without `=` as well. */
export function parseAttributeLines(text: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    if (at > 0)
      attributes.set(
        line.slice(0, at).trim(),
        line
          .slice(at + 1)
          .trim()
          .replaceAll(/^"+|"+$/g, ''),
      );
  }
  return attributes;
}
