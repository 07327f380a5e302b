/**
 * Writes this folder's go.mod for a version of Kubernetes: `node write-go-mod.ts v1.34.4`.
 *
 * `go install k8s.io/kubernetes/cmd/…@version` refuses, because that module replaces its staging modules by folders
 * of its own repository. Here they are replaced by what is published of them: v1.x.y is published as v0.x.y.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const REQUIREMENT = /^\t(\S+) (v\S+)(?: \/\/ indirect)?$/gm;
/** How that go.mod requires a staging module: the version comes from the folder. */
const UNPUBLISHED = 'v0.0.0';

function renderGoMod(upstream: string, version: string): string {
  const published = version.replace(/^v1\./, 'v0.');
  const lines = [...upstream.matchAll(REQUIREMENT)].map(([, path = '', at = '']) => ({ path, at }));
  const staging = lines.filter(({ at }) => at === UNPUBLISHED).map(({ path }) => path);
  const required = lines.map(({ path, at }) => `${path} ${at === UNPUBLISHED ? published : at}`);
  return [
    'module linkerd-lab/kubernetes',
    `go ${/^go (\S+)$/m.exec(upstream)?.[1] ?? ''}`,
    /^godebug .*$/m.exec(upstream)?.[0] ?? '',
    `require k8s.io/kubernetes ${version}`,
    `require (\n${required.map((line) => `\t${line}\n`).join('')})`,
    `replace (\n${staging.map((path) => `\t${path} => ${path} ${published}\n`).join('')})`,
  ]
    .join('\n\n')
    .concat('\n');
}

function readUpstream(version: string): string {
  const module = `k8s.io/kubernetes@${version}`;
  const answer = execFileSync('go', ['mod', 'download', '-json', module], { cwd: '/', encoding: 'utf8' });
  return readFileSync((JSON.parse(answer) as { GoMod: string }).GoMod, 'utf8');
}

const version = process.argv[2];
if (version === undefined) throw new Error('name a version: node write-go-mod.ts v1.34.4');
const folder = import.meta.dirname;
writeFileSync(join(folder, 'go.mod'), renderGoMod(readUpstream(version), version));
// Not `go mod tidy`, which also wants what the tests of the modules need.
execFileSync('go', ['list', '-mod=mod', '-deps', './...'], {
  cwd: folder,
  stdio: ['ignore', 'ignore', 'inherit'],
});
