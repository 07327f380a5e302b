import { MeshError } from '#lib/base';
import { ANNOTATION, type EnvVar, type PortNames, readPortSet } from '#lib/resources';
import { ANNOTATION_RULES, type DraftValues, SPECIAL_ANNOTATION } from './annotation-rules.ts';
import { ENV_LIST } from './annotation-syntax.ts';
import type { InjectValues } from './values.ts';

export interface AnnotationContext {
  /** What names in the opaque-ports annotation stand for. */
  readonly portNames?: PortNames;
  /** For the one annotation whose lists are merged and not replaced. */
  readonly namespaceAnnotations?: Readonly<Record<string, string>>;
}

export interface AnnotatedValues {
  readonly values: InjectValues;
  /** One sentence for each annotation that was ignored. */
  readonly warnings: readonly string[];
}

/**
 * The values with a pod's effective annotations (its own and inherited) written over them. What cannot be read
 * is warned of and ignored; only an invalid header logging mode throws, because it decides whether secrets
 * are logged. Source: facts sheet injection, section 5.
 */
export function applyAnnotations(
  values: InjectValues,
  annotations: Readonly<Record<string, string>>,
  context: AnnotationContext = {},
): AnnotatedValues {
  const draft = structuredClone(values) as DraftValues;
  const warnings: string[] = [];
  for (const { key, expects, apply } of ANNOTATION_RULES) {
    const text = annotations[key];
    if (text !== undefined && !apply(draft, text)) warnings.push(describeIgnored(key, text, expects));
  }
  draft.proxy.isIngress = annotations[ANNOTATION.inject] === 'ingress';
  applyHeaderLogging(draft, annotations);
  applyOpaquePorts(draft, annotations, { names: context.portNames ?? new Map(), warnings });
  for (const layer of [context.namespaceAnnotations ?? {}, annotations]) {
    applyAdditionalEnv(draft, layer, warnings);
  }
  return { values: draft, warnings };
}

function describeIgnored(key: string, text: string, expects: string): string {
  return `The annotation ${key} is ignored: its value "${text}" is not ${expects}.`;
}

function applyHeaderLogging(draft: DraftValues, annotations: Readonly<Record<string, string>>): void {
  const key = SPECIAL_ANNOTATION.logHTTPHeaders;
  const text = annotations[key];
  if (text === undefined) return;
  if (text !== 'off' && text !== 'insecure') {
    throw new MeshError(
      'INJECT_LOG_HTTP_HEADERS',
      `The annotation ${key} has the value "${text}", but can only be off or insecure; correct or remove it.`,
    );
  }
  draft.proxy.logHTTPHeaders = text;
}

function applyOpaquePorts(
  draft: DraftValues,
  annotations: Readonly<Record<string, string>>,
  context: { readonly names: PortNames; readonly warnings: string[] },
): void {
  const list = annotations[ANNOTATION.opaquePorts];
  if (list === undefined) return;
  const { ports, errors } = readPortSet(list, context.names);
  draft.proxy.opaquePorts = ports.toString();
  for (const error of errors) {
    context.warnings.push(
      `In the annotation ${ANNOTATION.opaquePorts} an item is ignored: ${error.message}.`,
    );
  }
}

/** Lists are merged by name: the mesh's, then the namespace's, then the workload's. */
function applyAdditionalEnv(
  draft: DraftValues,
  annotations: Readonly<Record<string, string>>,
  warnings: string[],
): void {
  const key = SPECIAL_ANNOTATION.additionalEnv;
  const text = annotations[key];
  if (text === undefined) return;
  const list = ENV_LIST.parse(text);
  if (list === undefined) {
    warnings.push(describeIgnored(key, text, ENV_LIST.expects));
    return;
  }
  const merged = new Map<string, EnvVar>(
    (draft.proxy.additionalEnv ?? []).map((item) => [item.name, item as EnvVar]),
  );
  for (const item of list) merged.set(item.name, item);
  draft.proxy.additionalEnv = [...merged.values()];
}
