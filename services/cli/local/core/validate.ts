import type { Container, Deployment, KubeObject, Pod, PodSpec } from '#lib/resources';
import { findSelectorMismatch } from './pod-template.ts';

/** Something that local mode cannot do as it is written: where in the object, and what. */
export interface Problem {
  readonly field: string;
  readonly sentence: string;
}

/** What is wrong with an object beyond its shape. `hasCommand` tells whether a container has a program to run. */
export function findProblems(
  object: KubeObject,
  hasCommand: (container: Container) => boolean,
): readonly Problem[] {
  if (object.kind === 'Pod') return checkPod((object as Pod).spec, 'spec', hasCommand);
  if (object.kind !== 'Deployment') return [];
  const deployment = object as Deployment;
  const mismatch = findSelectorMismatch(deployment).map((label) => ({
    field: 'spec.selector.matchLabels',
    sentence: `the selector asks for the label ${label}, which the template does not have; make them equal`,
  }));
  return [...mismatch, ...checkPod(deployment.spec.template.spec, 'spec.template.spec', hasCommand)];
}

function checkPod(spec: PodSpec, at: string, hasCommand: (container: Container) => boolean): Problem[] {
  const problems: Problem[] = [];
  const volumes = new Set(spec.volumes?.map((volume) => volume.name));
  const lists = { initContainers: spec.initContainers ?? [], containers: spec.containers };
  if (spec.hostNetwork === true) {
    problems.push({
      field: `${at}.hostNetwork`,
      sentence: 'local mode gives every pod a network of its own; leave it out',
    });
  }
  for (const [list, containers] of Object.entries(lists)) {
    containers.forEach((container, index) => {
      const field = `${at}.${list}[${index}]`;
      if (!hasCommand(container)) {
        problems.push({
          field: `${field}.command`,
          sentence: `container ${container.name} has no command, and local mode pulls no image to take one from; give it a command`,
        });
      }
      for (const [position, mount] of (container.volumeMounts ?? []).entries()) {
        if (volumes.has(mount.name)) continue;
        problems.push({
          field: `${field}.volumeMounts[${position}].name`,
          sentence: `there is no volume ${mount.name} in the pod; add it under volumes`,
        });
      }
    });
  }
  return problems;
}
