import { describe, expect, it } from 'vitest';
import type { Namespace, Pod } from '#lib/resources';
import { fixtureValues } from '../../lib/inject/testing/chart-values.ts';
import { buildPod } from '../fixtures/pods.ts';
import { createAdmissionMemory } from './admission-memory.ts';
import { admit } from './admit.ts';

const values = { ...fixtureValues(), identityTrustAnchorsPEM: 'anchors' };
const namespace: Namespace = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'shop', annotations: { 'linkerd.io/inject': 'enabled' } },
};
const owner = { kind: 'deployment', name: 'web' };

/** A pod whose token volume has that name. */
function withToken(name: string, annotations: Record<string, string> = {}): Pod {
  return JSON.parse(
    JSON.stringify(buildPod(annotations)).replaceAll('kube-api-access', `kube-api-access-${name}`),
  );
}

describe('an admission memory', () => {
  it('answers as if it had none', () => {
    const decide = createAdmissionMemory();
    const pods = [
      withToken('aaaaa'),
      withToken('bbbbb'),
      withToken('aaaaa', { 'linkerd.io/inject': 'disabled' }),
      withToken('ccccc', { 'config.linkerd.io/proxy-cpu-limit': '2' }),
      withToken('ddddd', { note: 'kube-api-access-eeeee' }),
      buildPod(),
    ];
    for (const object of [...pods, ...pods]) {
      const question = { object, namespace, owner, values };
      const { patch, ...wanted } = admit(question);
      const { patchJson, ...found } = decide(question);
      expect(found).toEqual(wanted);
      expect(patchJson === '' ? [] : JSON.parse(patchJson)).toEqual(patch);
    }
  });

  it('keeps apart what differs in values, namespace or owner', () => {
    const decide = createAdmissionMemory();
    const object = withToken('aaaaa');
    const question = { object, namespace, owner, values };
    const first = decide(question).patchJson;
    expect(first).toContain('proxy-deployment');
    expect(decide({ ...question, owner: { kind: 'job', name: 'web' } }).patchJson).toContain('proxy-job');
    const other = { ...values, linkerdVersion: 'another' };
    expect(decide({ ...question, values: other }).patchJson).toContain('proxy:another');
    const bare: Namespace = { ...namespace, metadata: { name: 'shop' } };
    expect(decide({ ...question, namespace: bare }).decision.inject).toBe(false);
    expect(decide(question).patchJson).toBe(first);
  });
});
