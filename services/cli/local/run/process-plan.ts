import { join } from 'node:path';
import { MeshError } from '#lib/base';
import type { Container, Pod } from '#lib/resources';
import { buildContainerEnv, expandReferences } from '../core/container-env.ts';
import { renderContainerScript, type ScriptMount } from '../core/container-script.ts';
import { renderSetpriv } from '../core/container-user.ts';
import { keyOf } from '../core/names.ts';
import { containerLogFile } from '../state/paths.ts';
import type { ProcessPlan } from './container-process.ts';
import type { PodContext } from './pod-context.ts';
import { hostnameOf } from './pod-files.ts';
import { nodeDirInContainer, resolveCommand } from './program.ts';

/** What starting `container` takes, as things are now. Throws a MeshError for what the manifest leaves open. */
export function planProcess(context: PodContext, container: Container): ProcessPlan {
  const { options, podDir, place, netns = '' } = context;
  const command = resolveCommand(container, options.programs);
  if (command === undefined) {
    throw new MeshError(
      'COMMAND_MISSING',
      `container ${container.name} of pod ${keyOf(options.pod)} has no command, and local mode has no image to take one from: give it a command`,
    );
  }
  const env = buildContainerEnv(options.pod, container, options.sources());
  const complete = new Map([
    ['PATH', `${nodeDirInContainer(options.programs)}:${options.searchPath}`],
    ['HOME', '/'],
    ['HOSTNAME', hostnameOf(options.pod)],
    ...env,
  ]);
  return {
    netns,
    script: renderContainerScript({
      podDir,
      hostname: hostnameOf(options.pod),
      programsDir: options.programs.rootDir,
      mounts: (container.volumeMounts ?? []).map((mount) => planMount(options.pod, mount)),
      workingDir: join(
        container.workingDir?.startsWith('/') === true ? '/' : options.baseDir,
        container.workingDir ?? '.',
      ),
    }),
    setpriv: renderSetpriv(options.pod.spec, container),
    env: complete,
    command: command.map((word) => expandReferences(word, env)),
    logFile: containerLogFile(options.paths, place, container.name),
  };
}

function planMount(pod: Pod, mount: NonNullable<Container['volumeMounts']>[number]): ScriptMount {
  const volume = pod.spec.volumes?.find((candidate) => candidate.name === mount.name);
  if (volume === undefined) {
    throw new MeshError(
      'VOLUME_MISSING',
      `a container of pod ${keyOf(pod)} mounts the volume ${mount.name}, which the pod does not have`,
    );
  }
  const root = volume.hostPath?.path ?? `volumes/${mount.name}`;
  return {
    source: mount.subPath === undefined ? root : join(root, mount.subPath),
    target: mount.mountPath.replace(/(?<=.)\/+$/, ''),
    readOnly: mount.readOnly ?? false,
  };
}
