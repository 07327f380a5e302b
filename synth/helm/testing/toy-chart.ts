import type { App } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import {
  and,
  atLeast,
  base64,
  choose,
  type Deferred,
  defaultTo,
  eq,
  fieldOf,
  forEach,
  isSet,
  joinEntries,
  joinText,
  jsonText,
  mapOf,
  mergeMaps,
  not,
  omitKeys,
  omitPath,
  or,
  required,
  sha256,
  text,
  trim,
  upperSnake,
  when,
  yamlText,
} from '#lib/expr';
import * as spec from '../../values/spec.ts';
import { type HelmChart, Template, type TemplateProps } from '../template.ts';

/** Every kind of value there is. */
export const TOY_SPEC = spec.group('Values of a chart for tests.', {
  domain: spec.text('cluster.local', 'Where names end.', { pattern: '^[a-z.]+$' }),
  level: spec.text('info', 'What is logged.', { enum: ['info', 'debug', 'off'] }),
  pem: spec.text('', 'A certificate.'),
  replicas: spec.integer(1, 'How many.', { minimum: 0 }),
  ratio: spec.number(0.25, 'A fraction.'),
  enabled: spec.flag(true, 'Whether there is a worker.'),
  verbose: spec.flag(false, 'More text.'),
  surge: spec.intOrText('25%', 'A count or a part.'),
  readers: spec.nullable(spec.list<string>(null, 'Who may read.', { type: 'string' })),
  cores: spec.nullable(spec.integer(null, 'Processors.')),
  labels: spec.map<string>({}, 'Labels for all.', { type: 'string' }),
  networks: spec.list<string>(['0.0.0.0/0', '::/0'], 'Networks.', { type: 'string' }),
  selector: spec.whole<object>({ matchLabels: { a: 'b' } }, 'A selector.'),
  resources: spec.group('What it may use.', {
    cpu: spec.group('Processor time.', {
      limit: spec.text('', 'At most.'),
      request: spec.text('', 'At least.'),
    }),
    'ephemeral-storage': spec.group('Disk.', { limit: spec.text('', 'At most.') }),
  }),
  tolerations: spec.optional(spec.list<object>([], 'Tolerations.', { type: 'object' })),
  schedule: spec.optional(spec.text('', 'When.')),
  workerResources: spec.optional(
    spec.group('Of the worker.', {
      cpu: spec.group('Processor time.', { limit: spec.text('', 'At most.') }),
      cores: spec.integer(0, 'Processors.'),
      'ephemeral-storage': spec.text('', 'Disk.'),
    }),
  ),
  params: spec.map<string>({ keepAliveInterval: '10s' }, 'Parameters.', {
    type: ['string', 'number', 'boolean'],
  }),
  secret: spec.group('Secrets.', { key: spec.text('', 'A key.'), name: spec.text('s', 'A name.') }),
});

export type ToyValues = Deferred<spec.ValuesOf<typeof TOY_SPEC>>;

class WorkerTemplate extends Template<ToyValues> {
  constructor(scope: App, props: TemplateProps<ToyValues>) {
    super(scope, 'worker', props);
    const { values, release } = this;
    this.failWhen(and(isSet(values.schedule), not(values.enabled)), 'schedule needs enabled');
    this.add(
      k8s.KubeDeployment,
      {
        metadata: {
          name: 'worker',
          namespace: release.namespace,
          labels: mergeMaps(values.labels, mapOf({ app: 'worker', 'l5d.io/ns': release.namespace })),
        },
        spec: {
          replicas: values.replicas,
          selector: { matchLabels: { app: 'worker' } },
          template: {
            metadata: {
              labels: { app: 'worker' },
              annotations: {
                sum: sha256(trim(values.pem)),
                merged: jsonText(mergeMaps(values.params, mapOf<string>({ keepAliveInterval: '' }))),
                storage: defaultTo(values.resources['ephemeral-storage'].limit, 'none'),
              },
            },
            spec: {
              containers: [
                {
                  name: 'worker',
                  image: text`example.com/worker:${values.domain}`,
                  imagePullPolicy: when(eq(values.level, 'debug'), 'Always'),
                  args: [
                    'worker',
                    text`--domain=${values.domain}`,
                    text`--ratio=${values.ratio} ${values.surge} 100%`,
                    when(isSet(values.cores), text`--cores=${values.cores}`),
                    when(atLeast(values.replicas, 3), ['--many', '{{ braces }}'], '--few'),
                    forEach(values.networks, (network) => text`--network=${network}`),
                  ],
                  env: forEachEnv(values),
                  resources: {
                    limits: {
                      cpu: when(isSet(values.resources.cpu.limit), values.resources.cpu.limit),
                      memory: when(values.verbose, '1Gi'),
                    },
                  },
                  restartPolicy: 'Always',
                },
              ],
              tolerations: when(isSet(values.tolerations), values.tolerations),
              nodeSelector: omitKeys(values.labels, ['gone']),
              terminationGracePeriodSeconds: choose(values.verbose, 1_000_000, 30),
              volumes: [{ name: 'tmp', emptyDir: {} }],
            },
          },
        },
      },
      { when: values.enabled },
    );
  }
}

function forEachEnv(values: ToyValues) {
  return [
    forEach(values.params, (value, key) => ({ name: text`L5D_${upperSnake(key)}`, value: text`${value}` })),
    { name: 'LIMIT', value: values.workerResources.cpu.limit },
    { name: 'DISK', value: values.workerResources['ephemeral-storage'] },
    { name: 'CORES', value: text`${values.workerResources.cores}` },
  ];
}

class ConfigTemplate extends Template<ToyValues> {
  constructor(scope: App, props: TemplateProps<ToyValues>) {
    super(scope, 'config', props);
    const { values, release } = this;
    this.add(k8s.KubeConfigMap, {
      metadata: { name: 'config', namespace: release.namespace, labels: { x: when(values.verbose, 'y') } },
      data: {
        values: yamlText(omitPath(this.allValues, ['secret', 'key'])),
        networks: joinText(',', values.networks),
        params: joinEntries(values.params, { between: '=', after: '\n' }),
        'ca.crt': trim(values.pem),
        block: 'one\n  two\n\nthree\n',
        odd: 'tab\there "quoted" \\ back {{ .Values.x }} $(VAR) ünïcødé 😀',
        number: '1e3',
        yes: 'yes',
        name: required('a name is needed', values.secret.name),
        encoded: base64(values.secret.key),
        any: when(or(values.verbose, isSet(values.readers)), 'some'),
      },
    });
    this.add(
      { apiVersion: 'example.com/v1', kind: 'Thing' },
      {
        metadata: { name: 'thing', namespace: release.namespace },
        spec: {
          surge: values.surge,
          ratio: values.ratio,
          readers: values.readers,
          selector: values.selector,
          verbose: values.verbose,
          quiet: not(values.verbose),
          all: [forEach(values.networks, (network) => ({ cidr: network }))],
          some: [when(values.verbose, { a: 1, b: when(values.enabled, [1, 2]) }), when(values.enabled, 'x')],
          nothing: null,
          empty: [],
          nested: [{ first: when(values.verbose, 1) }],
          subjects: [forEach(values.readers as ToyValues['networks'], (name) => ({ kind: 'User', name }))],
          items: [forEach(values.tolerations, (item) => fieldOf(item, 'key' as never))],
        },
      },
    );
  }
}

export const TOY_CHART: HelmChart<typeof TOY_SPEC> = {
  name: 'toy',
  description: 'A chart that has a bit of everything.',
  version: '1.2.3',
  appVersion: '1.2.3',
  spec: TOY_SPEC,
  build: (scope, props) => {
    new WorkerTemplate(scope, props);
    new ConfigTemplate(scope, props);
  },
  notes: ({ release }) => text`Installed into ${release.namespace}.\n`,
  readme: ({ valuesTable }) => `# toy\n\n${valuesTable}\n`,
};
