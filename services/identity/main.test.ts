import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CredentialFolder, createAuthority, createCredentialFolder } from './testing/authority.ts';
import { createTokenSigner } from './testing/token.ts';

let folder: CredentialFolder;
let child: ChildProcess | undefined;

beforeEach(async () => {
  folder = await createCredentialFolder();
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await folder.remove();
});

/** Runs the program as it is shipped; resolves when it ends, or calls `onReady` once it says so. */
async function run(args: readonly string[], onReady?: (process: ChildProcess) => void) {
  const program = spawn(process.execPath, [`${import.meta.dirname}/main.ts`, ...args], { env: {} });
  child = program;
  let stdout = '';
  let stderr = '';
  program.stdout.on('data', (chunk) => {
    stdout += chunk;
    if (String(chunk).includes('identity is ready')) onReady?.(program);
  });
  program.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(program, 'close');
  return { code, stdout, stderr };
}

describe('the program', () => {
  it('starts, and ends with 0 on SIGTERM', async () => {
    const authority = createAuthority(Date.now());
    await folder.writeIssuer(authority.issuer, 'kubernetes');
    await folder.writeAnchors(authority.anchor);
    await folder.write('jwks.json', JSON.stringify({ keys: [createTokenSigner('ES256', 'k').jwk] }));
    const files = [
      '-issuer',
      folder.path,
      '-trust-anchors',
      folder.anchorsFile,
      '-token-jwks',
      folder.jwksFile,
    ];
    const addresses = [
      '-addr',
      '127.0.0.1:0',
      '--admin-addr=127.0.0.1:0',
      '-identity-trust-domain',
      'cluster.local',
    ];
    const { code, stderr } = await run([...addresses, ...files], (process) => process.kill('SIGTERM'));
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it('ends with 1 and one sentence on wrong input', async () => {
    const { code, stdout, stderr } = await run(['-identity-trust-domain', 'cluster.local']);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^Error: Nobody can tell whose a token is: .*\n$/);
  });

  it('explains its flags', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('-identity-trust-domain NAME');
  });
});
