import { choose, type Deferred, defaultTo, eq, not, type Tree, text, when } from '#lib/expr';
import type { Container } from '#lib/resources';
import type { InjectValues } from '../values.ts';
import { buildImage, buildResources } from './image.ts';

export const VALIDATOR_CONTAINER = 'linkerd-network-validator';
export const DEBUG_CONTAINER = 'linkerd-debug';
export const VALIDATOR_COMMAND = '/usr/lib/linkerd/linkerd2-network-validator';

/** With a CNI plugin: fails the pod when its traffic is not redirected. Source: facts sheet injection, section 3. */
export function buildValidatorContainer(values: Deferred<InjectValues>): Tree<Container> {
  const { networkValidator: validator, disableIPv6 } = values;
  const connectAddr = choose(disableIPv6, '1.1.1.1:20001', '[fd00::1]:20001');
  const listenAddr = text`${choose(disableIPv6, '0.0.0.0', '[::]')}:${values.proxy.ports.outbound}`;
  return {
    name: VALIDATOR_CONTAINER,
    ...buildImage(values, values.proxy.image),
    command: [VALIDATOR_COMMAND],
    args: [
      ...['--log-format', validator.logFormat, '--log-level', validator.logLevel],
      ...['--connect-addr', defaultTo(validator.connectAddr, connectAddr)],
      ...['--listen-addr', defaultTo(validator.listenAddr, listenAddr)],
      ...['--timeout', validator.timeout],
    ],
    resources: buildResources(values.proxy.resources),
    securityContext: when(not(eq(validator.enableSecurityContext, false)), validator.securityContext),
  };
}

/** A container with network tools beside the proxy. */
export function buildDebugContainer(values: Deferred<InjectValues>): Tree<Container> {
  return {
    name: DEBUG_CONTAINER,
    ...buildImage(values, values.debugContainer.image),
    terminationMessagePolicy: 'FallbackToLogsOnError',
    livenessProbe: { exec: { command: ['true'] } },
    readinessProbe: { exec: { command: ['true'] } },
  };
}
