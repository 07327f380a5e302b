import { findLab, type Lab } from '../../lab/lab.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';

export interface Cluster {
  readonly lab: Lab;
  readonly kubectl: Kubectl;
}

/** The cluster that the suite's global setup has booted. */
export async function takeCluster(): Promise<Cluster> {
  const lab = await findLab();
  if (lab === undefined) throw new Error('the lab is not up: run "make lab-up", or the suite by "make e2e"');
  return { lab, kubectl: createKubectl(lab) };
}
