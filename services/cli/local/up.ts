import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Clock, describeError, MeshError, systemClock } from '#lib/base';
import type { InjectValues } from '#lib/inject';
import type { KubeObject } from '#lib/resources';
import { CLI_VERSION } from '../contract.ts';
import type { Output } from '../output/output.ts';
import { removeInstance } from './cleanup.ts';
import { buildControlPlane, type ControlPlaneOptions, completeValues } from './control-plane.ts';
import { formatCidr } from './core/cidr.ts';
import { CONTROL_PLANE_NAMESPACE, keyOf, nodeNetnsName } from './core/names.ts';
import { describeUnsupported } from './core/unsupported.ts';
import { type CredentialFiles, type MeshCredentials, provideCredentials } from './credentials.ts';
import { loadManifests } from './manifests.ts';
import { type Mesh, startMesh } from './mesh.ts';
import { createNodeNetwork } from './net/node-network.ts';
import { type NetworkPlan, planNetwork, type WantedRanges } from './net/plan.ts';
import { checkInstanceName, checkMachine } from './preflight.ts';
import { createProgress, type Progress } from './progress.ts';
import { renderEntry } from './rootless/enter.ts';
import { readUserNamespace } from './rootless/namespace.ts';
import { findPrograms } from './run/program.ts';
import {
  type Instance,
  isRunning,
  readInstanceFile,
  readProcessStart,
  writeInstanceFile,
} from './state/instance.ts';
import { type InstancePaths, instancePaths } from './state/paths.ts';
import { createTokenIssuer, type TokenIssuer } from './token-issuer.ts';
import { watchManifests } from './watch-manifests.ts';

export interface UpOptions extends WantedRanges {
  readonly name: string;
  /** The folder of the user's manifests. */
  readonly dir: string;
  readonly localDir: string;
  readonly searchPath: string;
  readonly clusterDomain: string;
  readonly credentialFiles: CredentialFiles;
  /** Go durations: see `ControlPlaneOptions`. */
  readonly issuanceLifetime: string;
  readonly clockSkewAllowance: string;
  readonly proxyLogLevel: string | undefined;
  readonly controllerLogLevel: string;
  /** False: only the cluster, and no pod gets a proxy. */
  readonly mesh: boolean;
}

/** A local mesh that runs in this process. */
export interface RunningMesh {
  readonly paths: InstancePaths;
  isReady(): boolean;
  /** Ends everything and removes what was made. */
  stop(maxGraceMs: number): Promise<void>;
}

/** Brings a local mesh up and keeps it at what the manifests say. Rejects, with nothing left behind, if it cannot. */
export async function bringUp(options: UpOptions, output: Output): Promise<RunningMesh> {
  checkInstanceName(options.name);
  checkMachine(options.searchPath);
  const paths = instancePaths(options.localDir, options.name);
  const progress = createProgress({ output, logFile: paths.upLog, logsDir: paths.logsDir });
  await checkNotRunning(options.name, paths, progress);
  const setup = await prepare(options, progress);
  try {
    return await run({ options, paths, progress, setup });
  } catch (error) {
    await removeInstance(options.name, paths);
    throw error;
  }
}

interface Setup {
  readonly clock: Clock;
  readonly tokens: TokenIssuer;
  readonly dir: string;
  readonly baseDir: string;
  readonly userObjects: readonly KubeObject[];
  readonly credentials: MeshCredentials;
}

/** Everything that can be wrong before anything is made. */
async function prepare(options: UpOptions, progress: Progress): Promise<Setup> {
  const dir = resolve(options.dir);
  const loaded = await loadManifests(dir, findPrograms());
  if (loaded.errors.length > 0) {
    const sentences = loaded.errors.map((error) => `  ${error.message}`);
    throw new MeshError('MANIFESTS_REFUSED', `the manifests cannot be used:\n${sentences.join('\n')}`);
  }
  for (const sentence of describeUnsupported(loaded.objects)) progress.say('‼', sentence);
  const clock = systemClock;
  const credentials = await provideCredentials(options.credentialFiles, {
    clock,
    trustDomain: options.clusterDomain,
  });
  const baseDir = statSync(dir).isDirectory() ? dir : dirname(dir);
  return { clock, tokens: createTokenIssuer(clock), dir, baseDir, userObjects: loaded.objects, credentials };
}

interface RunParts {
  readonly options: UpOptions;
  readonly paths: InstancePaths;
  readonly progress: Progress;
  readonly setup: Setup;
}

async function run({ options, paths, progress, setup }: RunParts): Promise<RunningMesh> {
  const startedMs = performance.now();
  const network = await makeNetwork(options, paths, setup);
  progress.say(
    '√',
    `network: pods ${formatCidr(network.podCidr)}, services ${formatCidr(network.serviceCidr)}`,
  );
  const instance = describeInstance({ options, paths, setup, network });
  if (instance.userNamespace !== undefined) {
    const entry = renderEntry(instance).join(' ');
    progress.say('√', `without root the pods are in a network of their own: put "${entry}" before curl`);
  }
  const tellReady = createReadyTeller({ instance, paths, progress, startedMs });
  const describe = (credentials: MeshCredentials) =>
    describeControlPlane({ options, paths, setup, network }, credentials);
  const values: InjectValues = {
    ...completeValues(describe(setup.credentials)),
    controlPlaneNamespace: CONTROL_PLANE_NAMESPACE,
  };
  let mesh: Mesh | undefined;
  mesh = await startMesh({
    instance: options.name,
    network,
    paths,
    programs: findPrograms(),
    clock: setup.clock,
    clusterDomain: options.clusterDomain,
    baseDir: setup.baseDir,
    searchPath: options.searchPath,
    values: options.mesh ? values : undefined,
    tokens: setup.tokens,
    warn: (sentence) => progress.say('‼', sentence),
    onPods(pods) {
      progress.showPods(pods);
      tellReady(mesh?.isReady() ?? false);
    },
  });
  const started = mesh;
  const build = (objects: readonly KubeObject[], credentials: MeshCredentials) =>
    mergeObjects(options.mesh ? buildControlPlane(describe(credentials)) : [], objects);
  started.want(build(setup.userObjects, setup.credentials));
  const stopWatching = followEdits({ options, progress, setup }, (objects, credentials) =>
    started.want(build(objects, credentials)),
  );
  return {
    paths,
    isReady: () => started.isReady(),
    async stop(maxGraceMs) {
      stopWatching();
      await started.stop(maxGraceMs);
      await removeInstance(options.name, paths);
    },
  };
}

/** Keeps the instance file's word on whether the mesh is ready, and says so the first time. */
function createReadyTeller(of: {
  readonly instance: Instance;
  readonly paths: InstancePaths;
  readonly progress: Progress;
  readonly startedMs: number;
}): (isReady: boolean) => void {
  const { paths, progress, startedMs } = of;
  let { instance } = of;
  let wasReady = false;
  return (ready) => {
    if (ready === instance.ready) return;
    if (ready && !wasReady) {
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      progress.say('√', `the mesh is ready after ${seconds} s`);
    }
    wasReady ||= ready;
    instance = { ...instance, ready };
    writeInstanceFile(paths, instance);
  };
}

/** Takes edits of the manifests, and of the credential files, as they come. */
function followEdits(
  { options, progress, setup }: Omit<RunParts, 'paths'>,
  want: (objects: readonly KubeObject[], credentials: MeshCredentials) => void,
): () => void {
  const files = Object.values(options.credentialFiles).filter((file) => file !== undefined);
  let warned = new Set(describeUnsupported(setup.userObjects));
  let { credentials } = setup;
  let last = Promise.resolve();
  const reload = async () => {
    try {
      const loaded = await loadManifests(setup.dir, findPrograms());
      for (const error of loaded.errors) progress.say('×', error.message);
      if (loaded.errors.length > 0)
        return progress.say('‼', 'the last good state stays until the manifests are mended');
      if (files.length > 0) {
        credentials = await provideCredentials(options.credentialFiles, {
          clock: setup.clock,
          trustDomain: options.clusterDomain,
        });
      }
      const sentences = describeUnsupported(loaded.objects);
      for (const sentence of sentences) if (!warned.has(sentence)) progress.say('‼', sentence);
      warned = new Set(sentences);
      want(loaded.objects, credentials);
      progress.say('√', 'the edit is taken');
    } catch (error) {
      progress.say('×', `${describeError(error)}; the last good state stays`);
    }
  };
  const watch = watchManifests([setup.dir, ...files], () => {
    last = last.then(reload);
  });
  return watch.close;
}

async function checkNotRunning(name: string, paths: InstancePaths, progress: Progress): Promise<void> {
  const instance = readInstanceFile(paths);
  if (instance !== undefined && isRunning(instance) && instance.pid !== process.pid) {
    throw new MeshError(
      'LOCAL_ALREADY_UP',
      `a local mesh named ${name} is running already, with the manifests of ${instance.manifestsDir} (pid ${instance.pid}): end it with "linkerd local down --name ${name}", or choose another --name`,
    );
  }
  if (instance !== undefined) progress.say('‼', `what a crashed mesh named ${name} left behind is removed`);
  await removeInstance(name, paths);
}

/** Another mesh that comes up at the same moment may take the same ranges: then the next ones are tried. */
const NETWORK_TRIES = 5;

async function makeNetwork(options: UpOptions, paths: InstancePaths, setup: Setup): Promise<NetworkPlan> {
  for (let attempt = 1; ; attempt++) {
    const network = await planNetwork(options);
    mkdirSync(paths.podsDir, { recursive: true, mode: 0o700 });
    writeInstanceFile(paths, describeInstance({ options, paths, setup, network }));
    writeFileSync(paths.trustAnchorsFile, setup.credentials.trustAnchorsPem);
    try {
      await createNodeNetwork(options.name, network);
      return network;
    } catch (error) {
      await removeInstance(options.name, paths);
      if (attempt === NETWORK_TRIES || !describeError(error).includes('File exists')) throw error;
    }
  }
}

function describeInstance(parts: Omit<RunParts, 'progress'> & { network: NetworkPlan }): Instance {
  const { options, paths, setup, network } = parts;
  const userNamespace = readUserNamespace();
  return {
    name: options.name,
    version: CLI_VERSION,
    pid: process.pid,
    pidStart: readProcessStart(process.pid),
    ...(userNamespace === undefined ? {} : { userNamespace }),
    manifestsDir: setup.dir,
    podCidr: formatCidr(network.podCidr),
    serviceCidr: formatCidr(network.serviceCidr),
    dnsIp: network.dnsIp,
    nodeNetns: nodeNetnsName(options.name),
    controlPlaneNamespace: CONTROL_PLANE_NAMESPACE,
    clusterDomain: options.clusterDomain,
    trustDomain: options.clusterDomain,
    stateDir: paths.stateDir,
    logsDir: paths.logsDir,
    trustAnchorsFile: paths.trustAnchorsFile,
    ready: false,
  };
}

function describeControlPlane(
  { options, paths, setup, network }: Omit<RunParts, 'progress'> & { readonly network: NetworkPlan },
  credentials: MeshCredentials,
): ControlPlaneOptions {
  return {
    clusterDomain: options.clusterDomain,
    trustDomain: options.clusterDomain,
    probeNetworks: `${network.hostIp}/32`,
    credentials,
    issuanceLifetime: options.issuanceLifetime,
    clockSkewAllowance: options.clockSkewAllowance,
    version: CLI_VERSION,
    controllerLogLevel: options.controllerLogLevel,
    proxyLogLevel: options.proxyLogLevel,
    jwks: setup.tokens.jwks,
    stateDir: paths.stateDir,
  };
}

/** The user's objects, and those of ours that the user has not replaced. */
function mergeObjects(own: readonly KubeObject[], user: readonly KubeObject[]): readonly KubeObject[] {
  const nameOf = (object: KubeObject) => `${object.kind}/${keyOf(object)}`;
  const replaced = new Set(user.map(nameOf));
  return [...own.filter((object) => !replaced.has(nameOf(object))), ...user];
}
