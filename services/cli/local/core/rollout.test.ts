import { describe, expect, it } from 'vitest';
import type { Deployment } from '#lib/resources';
import { planRollout, type RolloutPod, readRolloutLimits } from './rollout.ts';

const pod = (name: string, hash: string, ready: boolean, terminating = false): RolloutPod => ({
  name,
  hash,
  ready,
  terminating,
});

function deployment(spec: Record<string, unknown>): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { template: { spec: { containers: [] } }, ...spec },
  } as Deployment;
}

/** Steps a rollout to its end, every new pod becoming ready, and returns the least ready count seen. */
function roll(
  limits: ReturnType<typeof readRolloutLimits>,
  start: readonly RolloutPod[],
): { pods: RolloutPod[]; least: number; most: number } {
  let pods = [...start];
  let least = pods.filter((p) => p.ready).length;
  let most = pods.length;
  for (let step = 0; step < 50; step++) {
    const plan = planRollout(limits, 'new', pods);
    if (plan.create === 0 && plan.remove.length === 0 && pods.every((p) => p.ready))
      return { pods, least, most };
    pods = pods.filter((p) => !plan.remove.includes(p.name));
    pods.push(...Array.from({ length: plan.create }, (_, i) => pod(`n${step}-${i}`, 'new', false)));
    least = Math.min(least, pods.filter((p) => p.ready).length);
    most = Math.max(most, pods.length);
    pods = pods.map((p) => ({ ...p, ready: true }));
  }
  throw new Error('the rollout does not end');
}

describe('planRollout()', () => {
  it('creates the first pods at once and then asks for nothing', () => {
    const limits = readRolloutLimits(deployment({ replicas: 3 }));
    expect(planRollout(limits, 'new', [])).toEqual({ create: 3, remove: [] });
    expect(
      planRollout(
        limits,
        'new',
        [1, 2, 3].map((i) => pod(`${i}`, 'new', false)),
      ),
    ).toEqual({ create: 0, remove: [] });
  });

  it('replaces a single pod only when the new one is ready', () => {
    const limits = readRolloutLimits(deployment({ replicas: 1 }));
    const old = pod('old', 'before', true);
    expect(planRollout(limits, 'new', [old])).toEqual({ create: 1, remove: [] });
    expect(planRollout(limits, 'new', [old, pod('n', 'new', false)])).toEqual({ create: 0, remove: [] });
    expect(planRollout(limits, 'new', [old, pod('n', 'new', true)])).toEqual({ create: 0, remove: ['old'] });
  });

  it.each([1, 2, 4, 10])('keeps %i replicas within the default surge and unavailability', (replicas) => {
    const limits = readRolloutLimits(deployment({ replicas }));
    const { pods, least, most } = roll(
      limits,
      Array.from({ length: replicas }, (_, i) => pod(`o${i}`, 'before', true)),
    );
    expect(pods.filter((p) => p.hash === 'new')).toHaveLength(replicas);
    expect(pods).toHaveLength(replicas);
    expect(least).toBeGreaterThanOrEqual(replicas - Math.floor(replicas / 4));
    expect(most).toBeLessThanOrEqual(replicas + Math.ceil(replicas / 4));
  });

  it('scales down by the pods that are not ready, then the youngest', () => {
    const limits = readRolloutLimits(deployment({ replicas: 1 }));
    const pods = [pod('a', 'new', true), pod('b', 'new', false), pod('c', 'new', true)];
    expect([...planRollout(limits, 'new', pods).remove].sort()).toEqual(['b', 'c']);
  });

  it('removes old pods that never became ready without waiting', () => {
    const limits = readRolloutLimits(deployment({ replicas: 1 }));
    expect(planRollout(limits, 'new', [pod('broken', 'before', false)])).toEqual({
      create: 1,
      remove: ['broken'],
    });
  });

  it('recreates only when every old pod is gone', () => {
    const limits = readRolloutLimits(deployment({ replicas: 2, strategy: { type: 'Recreate' } }));
    const old = [pod('a', 'before', true), pod('b', 'before', true)];
    expect(planRollout(limits, 'new', old)).toEqual({ create: 0, remove: ['a', 'b'] });
    expect(planRollout(limits, 'new', [pod('a', 'before', true, true)])).toEqual({ create: 0, remove: [] });
    expect(planRollout(limits, 'new', [])).toEqual({ create: 2, remove: [] });
  });
});
