import { describe, expect, it } from 'vitest';
import type { Container, Pod } from '#lib/resources';
import { parseCidr } from './cidr.ts';
import { buildContainerEnv, type EnvSources, expandReferences } from './container-env.ts';
import { quote, renderContainerScript } from './container-script.ts';
import { renderSetpriv } from './container-user.ts';
import { createIpPool } from './ip-pool.ts';
import { hostLinkName, isNetnsOf, podLinkName, podNetnsName } from './names.ts';
import { describeUnsupported } from './unsupported.ts';
import { planVolume } from './volume-files.ts';

const POD: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', namespace: 'shop', uid: 'u-1', labels: { app: 'web' } },
  spec: { nodeName: 'node', containers: [] },
  status: { podIP: '10.42.0.5', podIPs: [{ ip: '10.42.0.5' }] },
};
const SOURCES: EnvSources = {
  configMaps: new Map([
    ['shop/conf', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'conf' }, data: { a: '1' } }],
  ]),
  secrets: new Map([
    ['shop/key', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' }, data: { b: 'Mg==' } }],
  ]),
  nodeIp: '10.42.0.1',
};
const env = (container: Omit<Container, 'name'>) =>
  Object.fromEntries(buildContainerEnv(POD, { name: 'c', ...container }, SOURCES));

describe('buildContainerEnv()', () => {
  it('resolves fields, keys, and variables set before', () => {
    const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
    expect(
      env({
        env: [
          field('IP', 'status.podIP'),
          field('SA', 'spec.serviceAccountName'),
          field('APP', "metadata.labels['app']"),
          { name: 'URL', value: 'http://$(IP)/$(LATER)/$$(IP)' },
          { name: 'LATER', value: 'x' },
          { name: 'A', valueFrom: { configMapKeyRef: { name: 'conf', key: 'a' } } },
          { name: 'B', valueFrom: { secretKeyRef: { name: 'key', key: 'b' } } },
          { name: 'NONE', valueFrom: { secretKeyRef: { name: 'none', key: 'b', optional: true } } },
        ],
      }),
    ).toEqual({
      IP: '10.42.0.5',
      SA: 'default',
      APP: 'web',
      URL: 'http://10.42.0.5/$(LATER)/$(IP)',
      LATER: 'x',
      A: '1',
      B: '2',
    });
  });

  it('takes all keys of a ConfigMap or a Secret, which a variable of its own outweighs', () => {
    const envFrom = [{ configMapRef: { name: 'conf' }, prefix: 'C_' }, { secretRef: { name: 'key' } }];
    expect(env({ envFrom, env: [{ name: 'b', value: 'own' }] })).toEqual({ C_a: '1', b: 'own' });
    expect(() => env({ envFrom: [{ secretRef: { name: 'none' } }] })).toThrow(
      'Secret none, which is not there',
    );
    expect(env({ envFrom: [{ secretRef: { name: 'none', optional: true } }] })).toEqual({});
  });

  it('names the variable and what it refers to when that is not there', () => {
    const missing = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'conf', key: 'z' } } }];
    expect(() => env({ env: missing })).toThrow(
      'env A of pod shop/web-1 refers to key "z" of ConfigMap conf, which is not there',
    );
    expect(() => env({ env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'spec.bogus' } } }] })).toThrow(
      'spec.bogus',
    );
  });

  it('expands references in commands the same way', () => {
    expect(expandReferences('$(A)-$(B)-$$(A)', new Map([['A', '1']]))).toBe('1-$(B)-$(A)');
  });
});

describe('planVolume()', () => {
  it('writes fields of the pod as the kubelet does', () => {
    const item = (path: string, fieldPath: string) => ({ path, fieldRef: { fieldPath } });
    const pod: Pod = {
      ...POD,
      metadata: { ...POD.metadata, labels: { 'b.io/x': 'say "a"', app: 'web' } },
    };
    const volume = {
      name: 'podinfo',
      downwardAPI: { items: [item('labels', 'metadata.labels'), item('deep/name', 'metadata.name')] },
    };
    const plan = planVolume(pod, volume, { ...SOURCES, issueToken: () => '' });
    if (plan.type !== 'files') throw new Error(`a volume of the kind ${plan.type}`);
    expect([...plan.files].map(([path, bytes]) => [path, bytes.toString()])).toEqual([
      ['labels', 'app="web"\nb.io/x="say \\"a\\""'],
      ['deep/name', 'web-1'],
    ]);
  });
});

describe('renderSetpriv()', () => {
  it('gives root what container runtimes give it', () => {
    const command = renderSetpriv(
      { containers: [] },
      { name: 'c', securityContext: { capabilities: { add: ['NET_ADMIN'], drop: ['NET_RAW'] } } },
    );
    expect(command).toContain('--reuid=0');
    const bounding = command.find((arg) => arg.startsWith('--bounding-set='));
    expect(bounding).toContain('+net_admin');
    expect(bounding).not.toContain('net_raw');
    expect(bounding).not.toContain('sys_admin');
  });

  it('gives another user only what was added, and the pod’s settings where the container has none', () => {
    const command = renderSetpriv(
      { containers: [], securityContext: { runAsUser: 65534 } },
      {
        name: 'c',
        securityContext: { allowPrivilegeEscalation: false, capabilities: { add: ['NET_ADMIN'] } },
      },
    );
    expect(command).toEqual([
      'setpriv',
      '--reuid=65534',
      '--regid=0',
      '--clear-groups',
      '--no-new-privs',
      '--bounding-set=-all,+net_admin',
      '--inh-caps=-all,+net_admin',
      '--ambient-caps=-all,+net_admin',
      '--',
    ]);
  });
});

describe('renderContainerScript()', () => {
  it('quotes whatever a manifest may hold', () => {
    const nasty = "/a'b $(touch /x)";
    const script = renderContainerScript({
      podDir: '/pod',
      hostname: 'h',
      programsDir: '/programs',
      mounts: [{ source: 'volumes/v', target: nasty, readOnly: false }],
      workingDir: nasty,
    });
    expect(quote(nasty)).toBe("'/a'\\''b $(touch /x)'");
    // Inside of the inner script, which is quoted itself.
    expect(script).toContain(quote(`cd ${quote(nasty)}`).slice(1, -1));
  });
});

describe('names', () => {
  it('tells the namespaces of one mesh from those of another whose name begins the same', () => {
    const netns = podNetnsName('shop-2', { namespace: 'a', name: 'b' });
    expect(isNetnsOf('shop-2', netns)).toBe(true);
    expect(isNetnsOf('shop', netns)).toBe(false);
    expect(isNetnsOf('shop', 'l5d-shop')).toBe(true);
    expect(podNetnsName('m', { namespace: 'a-b', name: 'c' })).not.toBe(
      podNetnsName('m', { namespace: 'a', name: 'b-c' }),
    );
  });

  it('keeps interface names within 15 letters', () => {
    expect(hostLinkName('default')).toBe('l5d-default');
    expect(hostLinkName('a-very-long-name-of-a-mesh')).toHaveLength(15);
    expect(podLinkName('10.42.0.255')).toBe('p0a2a00ff');
  });
});

describe('createIpPool()', () => {
  it('leaves out reserved addresses and reuses a freed one last', () => {
    const pool = createIpPool(parseCidr('10.1.0.0/29')!, 5);
    expect([pool.take(), pool.take(), pool.take()]).toEqual(['10.1.0.5', '10.1.0.6', undefined]);
    pool.release('10.1.0.5');
    expect(pool.take()).toBe('10.1.0.5');
  });
});

describe('describeUnsupported()', () => {
  it('names each field once, with who has it', () => {
    const spec = {
      containers: [
        { name: 'a', resources: {}, stdin: true },
        { name: 'b', resources: {} },
      ],
      tolerations: [],
    };
    const pods = ['x', 'y'].map((name) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'n' },
      spec,
    }));
    expect(
      describeUnsupported([...pods, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j' } }]),
    ).toEqual([
      'field spec.containers[].resources is not carried out in local mode (Pod n/x and 1 more)',
      'field spec.containers[].stdin is not carried out in local mode (Pod n/x and 1 more)',
      'field spec.tolerations is not carried out in local mode (Pod n/x and 1 more)',
      'kind Job is passed to the control plane, and nothing else is done with it (Job j)',
    ]);
  });
});
