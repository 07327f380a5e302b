import tseslint from 'typescript-eslint';

/**
 * Only what needs types, and the short list of what is banned; format and syntax are Biome's (biome.json).
 * An unawaited promise in a proxy is an outage: that is worth the seconds this takes.
 * Not no-unnecessary-condition: it takes a flag that a callback or another method changes (`stopped`,
 * `this.#wellFormed`) for constant; of its 17 findings here none was a fault.
 */
const typedRules = {
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  '@typescript-eslint/only-throw-error': 'error',
  '@typescript-eslint/prefer-readonly': 'error',
  '@typescript-eslint/no-deprecated': 'error',
  'max-lines': ['error', { max: 500 }],
};
const FUNCTION_LINES = ['error', { max: 60, skipBlankLines: true, skipComments: true }];

/** Longer functions on purpose: each is a closure over one state, its inner functions short; or one long table. */
const LONG_FUNCTIONS = [
  'services/cli/local/pod-set.ts',
  'services/cli/local/run/container-runner.ts',
  'services/destination/cluster/reactor.ts',
  'services/proxy/metrics/families.ts',
];

/** What a name may not be used for, and what to use instead. */
const use = (object, property, message) => ({ object, property, message });
const CLOCK = 'the clock is passed in (Clock of #lib/base)';
const MATH_RANDOM = use('Math', 'random', 'take a Random of #lib/base, so that tests choose the numbers');
const PROCESS_ENV = use('process', 'env', 'the environment is read in config.ts, from main.ts');
const CORE_TIME = [use('Date', 'now', CLOCK), use('performance', 'now', CLOCK)];
const BUFFER_CONCAT = use('Buffer', 'concat', 'copies on the hot path; keep the pieces');
const CONSOLE = {
  name: 'console',
  message: 'use the logger of #lib/telemetry; the CLI writes to its Output',
};
const FETCH = { name: 'fetch', message: 'HTTP clients live in lib/cluster, lib/grpc and viz' };
const TIMERS = ['setTimeout', 'setInterval', 'setImmediate'].map((name) => ({ name, message: CLOCK }));

/** Tests, and what is made for them, are free. */
const FOR_TESTS = ['**/*.{test,case,fixture,testing,bench}.ts', '**/{testing,fixtures}/**'];

function ban(files, { properties = [], globals = [CONSOLE, FETCH] }) {
  return {
    files,
    ignores: FOR_TESTS,
    rules: {
      'no-restricted-properties': properties.length === 0 ? 'off' : ['error', ...properties],
      'no-restricted-globals': ['error', ...globals],
    },
  };
}

export default [
  { ignores: ['**/gen/**', 'dist/**', 'node_modules/**', '.cache/**', 'charts/**', '**/*.{js,cjs,mjs}'] },
  {
    files: ['**/*.ts'],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true } },
    plugins: { '@typescript-eslint': tseslint.plugin },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: typedRules,
  },
  {
    files: ['services/**/*.ts', 'synth/**/*.ts'],
    ignores: [...FOR_TESTS, ...LONG_FUNCTIONS],
    rules: { 'max-lines-per-function': FUNCTION_LINES },
  },
  // Of two blocks for one file the later one counts: the special places come last.
  ban(['services/**/*.ts', 'synth/**/*.ts'], { properties: [MATH_RANDOM, PROCESS_ENV] }),
  ban(['{services,synth}/**/{config,main}.ts', 'services/lib/base/random.ts'], { globals: [CONSOLE, FETCH] }),
  ban(['services/proxy/{http,tcp}/**/*.ts'], { properties: [MATH_RANDOM, PROCESS_ENV, BUFFER_CONCAT] }),
  ban(['services/**/core/**/*.ts'], {
    properties: [MATH_RANDOM, PROCESS_ENV, ...CORE_TIME],
    globals: [CONSOLE, FETCH, ...TIMERS],
  }),
];
