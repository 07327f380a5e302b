import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runCli } from '../../services/cli/app.ts';
import { readCliConfig } from '../../services/cli/config.ts';
import type { Report } from './report.ts';

/** The name of the demo's own local mesh. */
export const MESH = 'demo';
const CLI_MAIN = fileURLToPath(new URL('../../services/cli/main.ts', import.meta.url));
/** What users run. */
export const CLI = fileURLToPath(new URL('../../services/cli/linkerd', import.meta.url));
export const MANIFESTS = fileURLToPath(new URL('../examples/shop/manifests', import.meta.url));

const config = readCliConfig(process.env);

/** Runs `linkerd` as a process of its own, its output as it comes; the answer is its exit code. */
export function spawnLinkerd(args: readonly string[], report: Report): Promise<number> {
  const child = spawn(process.execPath, [CLI_MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => report.block(text));
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** Runs a query of the CLI in this process and returns what it printed. Rejects with its complaint. */
export async function askLinkerd(args: readonly string[]): Promise<string> {
  const printed: { stdout: string[]; stderr: string[] } = { stdout: [], stderr: [] };
  const code = await runCli([...args, '--name', MESH], config, {
    stdout: (text) => printed.stdout.push(text),
    stderr: (text) => printed.stderr.push(text),
  });
  if (code === 0) return printed.stdout.join('');
  throw new Error(`linkerd ${args.join(' ')} failed: ${printed.stderr.join('').trim()}`);
}

/** Runs a query and shows it with its answer, as a user would see it. */
export async function showLinkerd(args: readonly string[], report: Report): Promise<string> {
  report.block(`$ linkerd ${args.join(' ')} --name ${MESH}`);
  const text = await askLinkerd(args);
  report.block(text);
  return text;
}
