import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { KubeObject } from '#lib/resources';
import { buildPod, buildService, ownedBy } from './fixtures/pods.ts';
import { call, review } from './testing/api-caller.ts';
import { type RunningInjector, runInjector, until } from './testing/injector.ts';

describe('the webhook', () => {
  let injector: RunningInjector;
  beforeEach(async () => {
    injector = await runInjector();
  });
  afterEach(() => injector.close());
  const paths = (answer: { patch: readonly { path: string }[] }) => answer.patch.map(({ path }) => path);
  const events = () =>
    injector.api.list({
      group: '',
      version: 'v1',
      kind: 'Event',
      plural: 'events',
      namespaced: true,
    }) as readonly (KubeObject & Record<string, unknown>)[];

  it('adds a proxy to a pod of a namespace that asks for it', async () => {
    const answer = await review(injector, buildPod(), { uid: 'u-1' });
    expect(answer).toMatchObject({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: 'u-1', allowed: true, patchType: 'JSONPatch' },
    });
    const anchors = await readFile(injector.folder.trustRootsFile, 'utf8');
    const patch = answer.patch.map((operation) => withoutChance(operation, anchors));
    await expect(stringify(patch, { lineWidth: 0 })).toMatchFileSnapshot('fixtures/enabled.golden.yaml');
  });

  it('speaks the older version too, and echoes what it was asked', async () => {
    const answer = await review(injector, buildPod(), { version: 'v1beta1' });
    expect(answer).toMatchObject({ apiVersion: 'admission.k8s.io/v1beta1', response: { allowed: true } });
    expect(paths(answer)).toContain('/spec/initContainers/1');
    expect(answer).toHaveProperty('request.uid', answer.response.uid);
  });

  it('leaves a pod alone that nobody wants meshed, but tells its opaque ports', async () => {
    expect((await review(injector, buildPod(), { namespace: 'bare' })).patch).toEqual([
      { op: 'add', path: '/metadata/annotations', value: {} },
      { op: 'add', path: '/metadata/annotations/config.linkerd.io~1opaque-ports', value: '6379' },
    ]);
    const disabled = await review(
      injector,
      buildPod({ 'linkerd.io/inject': 'disabled', 'config.linkerd.io/opaque-ports': '1' }),
    );
    expect(disabled.response).toEqual({ uid: disabled.response.uid, allowed: true });
  });

  it('annotates Services', async () => {
    const ports = [{ port: 80, targetPort: 8080 }, { port: 6379 }, { port: 1, targetPort: 3306 }];
    const answer = await review(injector, buildService(ports), { namespace: 'bare' });
    expect(answer.patch.at(-1)).toMatchObject({ value: '6379,1' });
    expect((await review(injector, buildService([{ port: 80 }]))).patch).toEqual([]);
  });

  it('cares for nothing but the creation of pods and Services', async () => {
    for (const operation of ['UPDATE', 'DELETE', 'CONNECT']) {
      expect((await review(injector, buildPod(), { operation })).patch).toEqual([]);
    }
    const other = await review(injector, { kind: 'ConfigMap' });
    expect(other.response.allowed).toBe(true);
  });

  it('names the workload above a ReplicaSet, asking for each but once, and tells it there', async () => {
    const metadata = { namespace: 'shop', name: 'web-5d8f', ownerReferences: [ownedBy('Deployment', 'web')] };
    injector.api.put({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata } as KubeObject);
    const pod = buildPod({}, { owners: [ownedBy('ReplicaSet', 'web-5d8f')] });
    const answers = await Promise.all([1, 2, 3].map(() => review(injector, pod)));
    for (const { patch } of answers) {
      expect(patch).toContainEqual({
        op: 'add',
        path: '/metadata/labels/linkerd.io~1proxy-deployment',
        value: 'web',
      });
    }
    expect(injector.api.requests.filter(({ path }) => path.includes('/replicasets/'))).toHaveLength(1);
    await until(() => events().some(({ reason }) => reason === 'Injected'), 'the event');
    expect(events()[0]).toMatchObject({
      type: 'Normal',
      message: 'Linkerd sidecar proxy injected',
      involvedObject: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        name: 'web',
        namespace: 'shop',
        uid: 'uid-web',
      },
      source: { component: 'linkerd-proxy-injector' },
    });
  });

  it('tells why it skipped, but not of what is only tried', async () => {
    const pod = buildPod({ 'linkerd.io/inject': 'disabled' }, { owners: [ownedBy('DaemonSet', 'agent')] });
    await review(injector, pod, { dryRun: true });
    await review(injector, pod);
    await until(() => events().length > 0, 'the event');
    expect(events()).toMatchObject([
      {
        reason: 'InjectionSkipped',
        message: expect.stringContaining('pod has the annotation "linkerd.io/inject:disabled"'),
      },
    ]);
    expect(events()[0]).not.toHaveProperty('count', 2);
  });

  it('takes a ReplicaSet for the owner when the API server does not tell', async () => {
    injector.api.forbid({ group: 'apps', kind: 'ReplicaSet', plural: 'replicasets', namespaced: true });
    const answer = await review(injector, buildPod({}, { owners: [ownedBy('ReplicaSet', 'web-5d8f')] }));
    expect(paths(answer)).toContain('/metadata/labels/linkerd.io~1proxy-replicaset');
  });

  it('asks for a namespace that is too new to be known, and denies pods of none', async () => {
    injector.api.dropEvents(true);
    const metadata = { name: 'new', annotations: { 'linkerd.io/inject': 'enabled' } };
    injector.api.put({ apiVersion: 'v1', kind: 'Namespace', metadata } as KubeObject);
    expect((await review(injector, buildPod(), { namespace: 'new' })).patch).not.toEqual([]);
    const { response } = await review(injector, buildPod(), { namespace: 'nowhere' });
    expect(response).toMatchObject({
      allowed: false,
      status: { message: expect.stringContaining('no namespace "nowhere"') },
    });
  });

  it('denies with the reason what would not start, and shows what it ignored', async () => {
    const denied = await review(injector, buildPod({ 'config.linkerd.io/proxy-log-http-headers': 'all' }));
    expect(denied.response).toMatchObject({
      allowed: false,
      status: { message: expect.stringContaining('"all"') },
    });
    const closeWait = await review(injector, buildPod({ 'config.linkerd.io/close-wait-timeout': '1m' }));
    expect(closeWait.response.status?.message).toMatch(/proxyInit.runAsRoot must be set/);
    const odd = await review(injector, buildPod({ 'config.linkerd.io/proxy-uid': 'root' }));
    expect(odd.response).toMatchObject({
      allowed: true,
      warnings: [expect.stringContaining('proxy-uid is ignored')],
    });
  });

  it('counts as upstream does', async () => {
    await review(injector, buildPod({ 'config.linkerd.io/proxy-cpu-limit': '2' }));
    await review(injector, buildPod({ 'config.linkerd.io/opaque-ports': '1' }), { namespace: 'bare' });
    const text = await injector.metrics();
    expect(text).toMatch(
      /proxy_inject_admission_requests_total\{owner_kind="pod",namespace="shop",annotation_at="namespace",[^}]*proxy_cpu_limit="2"[^}]*\} 1/,
    );
    expect(text).toMatch(
      /responses_total\{owner_kind="pod",namespace="shop"[^}]*skip="false",skip_reason=""\} 1/,
    );
    expect(text).toMatch(
      /responses_total\{[^}]*namespace="bare"[^}]*skip="true",skip_reason="injection_enable_annotation_absent"\} 1/,
    );
    expect(text).toContain('proxy_injector_admission_duration_seconds_count 2');
    expect(text).toMatch(/proxy_injector_certificate_ttl_seconds 31\d{6}/);
  });

  it('answers while it drains', async () => {
    const closing = runInjector({ lameDuckMs: 500 });
    const other = await closing;
    const ended = other.close();
    expect((await fetch(`http://127.0.0.1:${other.app.adminPort}/ready`)).status).toBe(500);
    expect((await call(other, '')).status).toBe(200);
    await ended;
    await expect(call(other, '')).rejects.toThrow('ECONNREFUSED');
  });
});

/** The same for all trust anchors. */
function withoutChance<T>(operation: T, anchors: string): T {
  const text = JSON.stringify(operation)
    .replace(JSON.stringify(anchors), '"ANCHORS"')
    .replace(/[0-9a-f]{64}/, 'SHA256');
  return JSON.parse(text);
}
