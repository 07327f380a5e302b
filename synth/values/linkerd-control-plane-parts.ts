import type { EnvVar } from '#lib/resources';
import { group, integer, list, optional, text, textOrNumber } from './spec.ts';

/** Groups that return in several places of the values. */

const QUANTITY = '^$|^[0-9.]+([eE][-+]?[0-9]+|m|k|[KMGTPE]i?)?$';

function quantities(resource: string) {
  return group(`The container's ${resource}.`, {
    limit: textOrNumber('', `The most ${resource} it may use; empty for no limit.`, { pattern: QUANTITY }),
    request: textOrNumber('', `The ${resource} it is scheduled with; empty for none.`, { pattern: QUANTITY }),
  });
}

/** What a container asks of its node. */
export function resources(doc: string) {
  return group(doc, {
    cpu: quantities('CPU'),
    memory: quantities('memory'),
    'ephemeral-storage': quantities('ephemeral storage'),
  });
}

/** The resources of a control-plane proxy, each over the same one of `proxy.resources`. */
export function proxyResources(component: string) {
  const doc = `Resources of the proxy beside ${component}; what is empty is taken from \`proxy.resources\`.`;
  return group(doc, {
    cpu: quantities('CPU'),
    memory: quantities('memory'),
    'ephemeral-storage': quantities('ephemeral storage'),
    cores: integer(0, 'Worker threads of this proxy; 0 for what `proxy` says.', { minimum: 0 }),
  });
}

export function image(name: string, what: string) {
  return group(`The image of ${what}.`, {
    name: text(name, 'Registry and repository.'),
    pullPolicy: pullPolicy('', 'When nodes pull it; empty for `imagePullPolicy`.'),
    version: textOrNumber('', 'Its tag; empty for `linkerdVersion`.'),
  });
}

export function pullPolicy(value: '' | 'IfNotPresent', doc: string) {
  return text(value, doc, { enum: ['', 'Always', 'IfNotPresent', 'Never'] });
}

/** How long the kubelet waits for an answer of a control-plane container. */
export function probe(kind: 'liveness' | 'readiness') {
  return group(`The ${kind} probe.`, {
    timeoutSeconds: integer(1, 'How long it waits for an answer.', { minimum: 1 }),
  });
}

const NAMED = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } } as const;

export function env(doc: string) {
  return list<EnvVar>([], doc, NAMED);
}

export function args(doc: string) {
  return list<string>([], doc, { type: 'string' });
}

/** What every controller container may be given beside what it needs. */
export function extraEnv(component: string) {
  return {
    additionalEnv: optional(env(`Variables added to the ${component} container.`)),
    experimentalEnv: optional(env(`Variables added after \`additionalEnv\`, for what may change.`)),
  };
}

export function kubeApi() {
  return group('Limits for asking the Kubernetes API.', {
    clientQPS: integer(100, 'Requests a second.', { minimum: 1 }),
    clientBurst: integer(200, 'Requests at once.', { minimum: 1 }),
  });
}

const DOMAIN = '^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';

export function domain(value: string, doc: string) {
  return text(value, doc, { pattern: DOMAIN });
}

export function logFormat(value: '' | 'plain', doc: string) {
  return text(value, doc, { enum: ['', 'plain', 'json'] });
}
