/** What others need to know of the images: their names, and where the programs stand in them. */

/** Where a name without a host is looked for; the images in the archives bear it in front. */
export const IMAGE_HOST = 'docker.io';

/** Names without host and tag, as the chart's values have them. */
export const IMAGE = {
  controller: 'linkerd-ts/controller',
  proxy: 'linkerd-ts/proxy',
  debug: 'linkerd-ts/debug',
} as const;
export type ImageKey = keyof typeof IMAGE;

/** The user of the controllers; the proxy's is PROXY_UID of its contract. */
export const CONTROLLER_UID = 2103;

/** The folder of the programs, and of Node. */
export const PROGRAM_DIR = '/usr/lib/linkerd';
export const NODE_PATH = '/usr/lib/linkerd/node';

/** What a pod's `command` may name. The proxy itself is its image's entry point, `controller` that of the other. */
export const COMMAND = {
  controller: '/controller',
  policy: '/linkerd-policy-controller',
  proxyInit: '/usr/lib/linkerd/linkerd2-proxy-init',
  networkValidator: '/usr/lib/linkerd/linkerd2-network-validator',
  await: '/usr/lib/linkerd/linkerd-await',
  sleep: '/bin/sleep',
} as const;

/** First arguments of the controller's entry point: each is the name of the program that it runs. */
export const SUBCOMMANDS = [
  'destination',
  'heartbeat',
  'identity',
  'proxy-injector',
  'sp-validator',
] as const;

/** What the debug image holds, by the Debian packages that bring it. */
export const DEBUG_PROGRAMS = {
  coreutils: ['cat', 'env', 'head', 'ls', 'sleep', 'sort', 'tail', 'timeout', 'true', 'wc'],
  curl: ['curl'],
  dash: ['dash'],
  grep: ['grep'],
  iproute2: ['ip', 'ss'],
  tcpdump: ['tcpdump'],
} as const;
