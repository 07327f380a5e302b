import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from './tracked-files.ts';

const run = promisify(execFile);

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

/** The violations of our rules in the tree at `cwd`, as `rule: from → to`. */
async function findViolations(cwd: string, folders: readonly string[]): Promise<string[]> {
  const config = join(ROOT, '.dependency-cruiser.cjs');
  const program = join(ROOT, 'node_modules/.bin/depcruise');
  const args = ['--config', config, '--no-cache', '--output-type', 'json', ...folders];
  const { stdout } = await run(program, args, { cwd, maxBuffer: 256 * 1024 * 1024 });
  const { summary } = JSON.parse(stdout) as { summary: { violations: readonly Violation[] } };
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`);
}

describe('imports', () => {
  it('follow the rules of the rooms', async () => {
    expect(await findViolations(ROOT, ['services', 'synth', 'test'])).toEqual([]);
  });
});

/** A small tree with one breach of each rule that matters most. */
const BREACHES: Readonly<Record<string, string>> = {
  'tsconfig.json': '{ "compilerOptions": { "module": "NodeNext" } }',
  'package.json': '{ "type": "module", "imports": { "#lib/*": "./services/lib/*/index.ts" } }',
  'services/lib/base/index.ts': "import '../pki/index.ts';\nexport const base = 1;",
  'services/lib/pki/index.ts': "export { key } from './key.ts';",
  'services/lib/pki/key.ts': 'export const key = 1;',
  'services/lib/cluster/index.ts': "import '../../identity/config.ts';\nexport const cluster = 1;",
  'services/identity/config.ts': "import '#lib/base';\nexport const config = 1;",
  'services/identity/contract.ts': "import './config.ts';\nexport const PORT = 1;",
  'services/identity/core/certify.ts': "import 'node:net';\nimport '../grpc/server.ts';\nimport '#lib/pki';",
  'services/identity/grpc/server.ts': "import '../../lib/pki/key.ts';\nimport '../core/certify.ts';",
  'services/policy/app.ts': "import '../identity/config.ts';\nimport '../../test/tool.ts';",
  'services/proxy/app.ts': "import 'node:http';\nimport '#lib/cluster';\nimport '../identity/contract.ts';",
  'test/tool.ts': 'export const tool = 1;',
};

describe('the rules', () => {
  let root = '';
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'l5d-rules-'));
    for (const [path, text] of Object.entries(BREACHES)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
  });
  afterAll(() => rm(root, { recursive: true }));

  it('name every breach, and nothing that is allowed', async () => {
    const violations = await findViolations(root, ['services', 'test']);
    expect(violations.filter((line) => !line.startsWith('no-orphans')).sort()).toEqual([
      'contract-is-leaf: services/identity/contract.ts → services/identity/config.ts',
      'core-has-no-edges: services/identity/core/certify.ts → net',
      'core-is-pure: services/identity/core/certify.ts → services/identity/grpc/server.ts',
      'inject-reads-contracts: services/lib/cluster/index.ts → services/identity/config.ts',
      'lib-below-services: services/lib/cluster/index.ts → services/identity/config.ts',
      'lib-by-service: proxy: services/proxy/app.ts → services/lib/cluster/index.ts',
      'lib-layers: base: services/lib/base/index.ts → services/lib/pki/index.ts',
      'lib-one-door: services/identity/grpc/server.ts → services/lib/pki/key.ts',
      'no-circular: services/identity/core/certify.ts → services/identity/grpc/server.ts',
      'node-http-by-room: services/proxy/app.ts → http',
      'not-to-test: services/policy/app.ts → test/tool.ts',
      'services-apart: services/policy/app.ts → services/identity/config.ts',
    ]);
  });
});
