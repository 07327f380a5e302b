import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Container, EnvVar, KubeObject, PodSpec } from '#lib/resources';
import { renderControlPlane } from './render.ts';

/** Not certificates, and all that the chart needs: it looks into none. */
export const CERTIFICATES = {
  identityTrustAnchorsPEM: 'anchors\n',
  identity: { issuer: { tls: { crtPEM: 'issuer\n', keyPEM: 'issuer key\n' } } },
};

/** What the chart makes of values, as Helm would render them. */
export function render(...values: readonly unknown[]): KubeObject[] {
  return renderControlPlane({ values, namespace: 'linkerd', isHelm: true });
}

/** One of the presets that users pass to Helm. */
export function readPreset(name: string): unknown {
  return parse(readFileSync(new URL(`../../values/${name}.yaml`, import.meta.url), 'utf8')) as unknown;
}

export function find<T = KubeObject>(objects: readonly KubeObject[], kind: string, name: string): T {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found as T;
}

export function podOf(objects: readonly KubeObject[], deployment: string): PodSpec {
  const found = find<KubeObject & { spec: { template: { spec: PodSpec } } }>(
    objects,
    'Deployment',
    deployment,
  );
  return found.spec.template.spec;
}

export function containerOf(pod: PodSpec, name: string): Container {
  const found = [...pod.containers, ...(pod.initContainers ?? [])].find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no container ${name}`);
  return found;
}

/** As the kubelet would; a field of the pod is any text. */
export function environmentOf({ env = [] }: Container): Record<string, string> {
  const known: Record<string, string> = {};
  for (const variable of env) known[variable.name] = resolveVariable(variable, known);
  return known;
}

function resolveVariable(
  { name, value, valueFrom }: EnvVar,
  known: Readonly<Record<string, string>>,
): string {
  if (value !== undefined) return value.replace(/\$\((\w+)\)/g, (text, key: string) => known[key] ?? text);
  if (valueFrom?.configMapKeyRef !== undefined) return 'anchors';
  return name.endsWith('INBOUND_IPS') ? '10.0.0.1' : 'some-text';
}
