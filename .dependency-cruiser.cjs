/**
 * Who may import whom (ARCHITECTURE.md, "Rooms"). `make lint` checks it, and test/architecture does as a test.
 * Tests beside the source may reach further than the source: most rules leave them out.
 */
const TEST = '\\.(test|case|fixture|testing)\\.ts$|/(testing|fixtures)/';

/** Rooms of the library from the bottom up; a room imports only from floors below its own. */
const FLOORS = [
  ['base'],
  ['config', 'telemetry', 'resources', 'expr'],
  ['pki', 'tls', 'api'],
  ['grpc', 'cluster'],
  ['inject'],
];

const lib = (rooms) => `^services/lib/(${rooms.join('|')})/`;

const layerRules = FLOORS.slice(0, -1).flatMap((rooms, floor) =>
  rooms.map((room) => {
    const above = FLOORS.slice(floor).flat();
    return forbid(`lib-layers: ${room}`, 'A library room imports only from rooms below its own floor.', {
      from: { path: lib([room]), pathNot: TEST },
      to: { path: lib(above.filter((name) => name !== room)) },
    });
  }),
);

/** Third-party packages enter through one room each, so that replacing one is a change of one room. */
const NPM_BY_ROOM = {
  '@grpc/grpc-js': ['services/lib/grpc/', 'test/'],
  '@bufbuild/protobuf': ['services/lib/(grpc|api)/', 'test/'],
  'node-forge': ['services/lib/pki/'],
  yaml: ['services/lib/cluster/', 'services/cli/output/', 'test/charts/', '.+\\.(test|testing)\\.ts$'],
  fastify: ['services/(proxy-injector|viz)/'],
  commander: ['services/cli/'],
  koffi: ['services/proxy/', 'test/'],
  '(cdk8s|cdk8s-plus-27|constructs)': ['synth/'],
};

const npmRules = Object.entries(NPM_BY_ROOM).map(([name, rooms]) =>
  forbid(`npm-by-room: ${name}`, `Only these use it: ${rooms.join(', ')}.`, {
    from: { pathNot: `^(${rooms.join('|')})` },
    to: { path: `node_modules/${name}/` },
  }),
);

/** What each program may take from the library (the table in ARCHITECTURE.md). */
const LIB_BY_SERVICE = {
  proxy: ['base', 'config', 'telemetry', 'pki', 'tls', 'api', 'grpc'],
  'proxy-init': ['base', 'config', 'telemetry'],
  'linkerd-await': ['base', 'config'],
  'network-validator': ['base', 'config', 'telemetry'],
  identity: ['base', 'config', 'telemetry', 'resources', 'expr', 'pki', 'tls', 'api', 'grpc', 'cluster'],
  destination: ['base', 'config', 'telemetry', 'resources', 'expr', 'pki', 'api', 'grpc', 'cluster'],
  policy: ['base', 'config', 'telemetry', 'resources', 'expr', 'pki', 'api', 'grpc', 'cluster'],
  'proxy-injector': ['base', 'config', 'telemetry', 'resources', 'expr', 'pki', 'tls', 'cluster', 'inject'],
  viz: ['base', 'config', 'telemetry', 'resources', 'expr', 'pki', 'tls', 'api', 'grpc', 'cluster'],
};

const libTableRules = Object.entries(LIB_BY_SERVICE).map(([service, rooms]) =>
  forbid(`lib-by-service: ${service}`, 'The table of rooms says what each program may use.', {
    from: { path: `^services/${service}/`, pathNot: TEST },
    to: { path: '^services/lib/', pathNot: lib(rooms) },
  }),
);

const EDGE_MODULES =
  '^(node:)?(net|http2?|https|fs|tls|dgram|dns|child_process|worker_threads|timers)(/promises)?$';

function forbid(name, comment, rule) {
  return { name, comment, severity: 'error', ...rule };
}

module.exports = {
  forbidden: [
    forbid(
      'no-circular',
      'A circle means two files are one, or a third is missing. Types alone may refer to each other.',
      {
        from: {},
        to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
      },
    ),
    forbid('lib-one-door', 'A library room has one door: its index.ts.', {
      from: { path: '^(?!services/lib/)', pathNot: ['^test/', TEST] },
      to: { path: '^services/lib/[^/]+/(?!index\\.ts$)' },
    }),
    forbid('lib-one-door-for-tests', 'Tests may also use what a library room keeps for tests.', {
      from: { path: ['^test/', `^(?!services/lib/).*(${TEST})`] },
      to: { path: '^services/lib/[^/]+/(?!(index\\.ts$|testing/))' },
    }),
    forbid('lib-one-door-inside', 'Rooms of the library too use each other by the door.', {
      from: { path: '^services/lib/([^/]+)/' },
      to: { path: '^services/lib/(?!$1/)[^/]+/(?!index\\.ts$)' },
    }),
    ...layerRules,
    ...libTableRules,
    forbid('lib-below-services', 'The library knows no program; lib/inject alone reads contracts.', {
      from: { path: '^services/lib/', pathNot: TEST },
      to: { path: '^services/(?!lib/)', pathNot: '/contract\\.ts$' },
    }),
    forbid('inject-reads-contracts', 'Of the library only lib/inject reads contracts.', {
      from: { path: '^services/lib/(?!inject/)', pathNot: TEST },
      to: { path: '^services/(?!lib/)' },
    }),
    forbid('services-apart', 'A program sees another only through its contract.ts.', {
      from: { path: '^services/(?!lib/)(viz/[^/]+|[^/]+)/', pathNot: TEST },
      to: { path: '^services/(?!lib/)', pathNot: ['^services/$1/', '/contract\\.ts$'] },
    }),
    forbid('contract-is-leaf', 'A contract imports nothing, so that everybody can import it.', {
      from: { path: '/contract\\.ts$' },
      to: { path: '.' },
    }),
    forbid(
      'core-is-pure',
      'A core computes: it imports its own core, its contract and errors, and pure rooms.',
      {
        from: { path: '^services/(?!lib/)(.+)/core/', pathNot: TEST },
        to: {
          path: '^(services|synth|test)/',
          pathNot: ['^services/$1/core/', '/contract\\.ts$', lib(['base', 'resources', 'pki', 'inject'])],
        },
      },
    ),
    forbid('core-has-no-edges', 'A core does no input or output, and has no timers of its own.', {
      from: { path: '/core/', pathNot: TEST },
      to: { path: EDGE_MODULES },
    }),
    forbid('main-is-last', 'Nothing imports a main.ts, and only main.ts and tests import app.ts.', {
      from: { path: '^services/', pathNot: ['/main\\.ts$', TEST] },
      to: { path: '^services/.+/(main|app)\\.ts$' },
    }),
    forbid(
      'proxy-npm-list',
      'The data path is our own code: the proxy itself imports no npm package but koffi.',
      {
        from: { path: '^services/proxy/', pathNot: TEST },
        to: { path: 'node_modules/', pathNot: 'node_modules/(koffi|@types/node)/' },
      },
    ),
    ...npmRules,
    // The CLI reads metrics and, in local mode, probes containers as a kubelet does: no data path either.
    forbid('node-http-by-room', "Node's own HTTP stays out of the data path.", {
      from: {
        path: '^(services|synth)/',
        pathNot: ['^services/lib/(cluster|grpc|telemetry)/', '^services/(viz|cli)/', TEST],
      },
      to: { path: '^(node:)?(http|https|http2)$' },
    }),
    forbid(
      'synth-one-door',
      'Programs use the constructs by synth/index.ts; test/charts sees how they work.',
      {
        from: { path: '^(?!synth/|test/charts/)' },
        to: { path: '^synth/(?!index\\.ts$)', pathNot: '/contract\\.ts$' },
      },
    ),
    forbid(
      'synth-imports',
      'Charts are made of contracts and of pure rooms: no program runs when they are made.',
      {
        from: { path: '^synth/', pathNot: [TEST, '^synth/images/'] },
        to: {
          path: '^services/',
          pathNot: ['/contract\\.ts$', lib(['base', 'resources', 'expr', 'inject'])],
        },
      },
    ),
    forbid('not-to-test', 'Nothing outside test/ imports from it.', {
      from: { path: '^(services|synth)/' },
      to: { path: '^test/' },
    }),
    forbid('not-to-test-files', 'Only tests import what is made for tests.', {
      from: { path: '^(services|synth)/', pathNot: TEST },
      to: { path: TEST },
    }),
    // The builder of images bundles the programs; it ships in none of them.
    forbid('no-dev-dependencies', 'What ships uses only what ships.', {
      from: { path: '^(services|synth)/', pathNot: [TEST, '^synth/images/programs\\.ts$'] },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    }),
    forbid('no-unresolvable', 'Every import names something that is there.', {
      from: {},
      to: { couldNotResolve: true },
    }),
    forbid(
      'no-orphans',
      'A file that nobody imports is dead, or a program: those are named main.ts or listed here.',
      {
        from: {
          orphan: true,
          pathNot: [
            '\\.d\\.ts$',
            '/main\\.ts$',
            '\\.test\\.ts$',
            '^test/bench/micro/',
            '^test/examples/[^/]+/[^/]+\\.ts$',
          ],
        },
        to: {},
      },
    ),
    forbid('no-deprecated-core', 'Node is about to drop it.', {
      from: {},
      to: { dependencyTypes: ['core'], path: '^(punycode|domain|constants|sys|_linklist|_stream_wrap)$' },
    }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^services/lib/api/gen/.*_pb\\.ts$' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
    cache: { folder: '.cache/depcruise', strategy: 'content' },
  },
};
