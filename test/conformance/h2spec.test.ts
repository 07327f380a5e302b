import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalMesh, netnsOf, podIp, startLocalMesh } from '../integration/mesh/local-mesh.ts';
import { buildEcho, buildNamespace, buildWorkload } from '../integration/mesh/manifests.ts';
import { report } from '../support/waiting.ts';
import { ensureH2spec, type H2specTarget, runH2spec } from './h2spec.ts';

/** h2spec 2.2.1 has so many cases; fewer in a report are a broken run. */
const CASES = 146;
const H2_PORT = 8081;
const TIMEOUT_MS = 11 * 60_000;

/** With the limit advertised, the case that goes above it runs too. */
const withStreamLimit = (direction: 'INBOUND' | 'OUTBOUND') => ({
  'config.linkerd.io/proxy-additional-env': JSON.stringify([
    { name: `LINKERD2_PROXY_${direction}_SERVER_HTTP2_MAX_CONCURRENT_STREAMS`, value: '100' },
  ]),
});

let mesh: LocalMesh;
let program: string;

function findWhatIsMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'h2spec: needs root, to make network namespaces; run it with sudo';
  if (spawnSync('go', ['version']).status !== 0) return 'h2spec: needs Go, to be built; install it';
  return undefined;
}

const missing = findWhatIsMissing();
if (missing === undefined) describe('h2spec', suite);
else {
  it('h2spec', ({ skip }) => {
    if (process.env['CI'] || process.env['REQUIRE_LAB'] === '1') throw new Error(missing);
    report(missing);
    skip(missing);
  });
}

function suite(): void {
  beforeAll(async () => {
    program = await ensureH2spec(report);
    mesh = await startLocalMesh({
      name: 'h2spec',
      manifests: () => [
        buildNamespace(),
        ...buildEcho({ http1: 8080, http2: H2_PORT, annotations: withStreamLimit('INBOUND') }),
        ...buildWorkload({
          name: 'client',
          command: ['sleep', 'infinity'],
          annotations: withStreamLimit('OUTBOUND'),
        }),
      ],
    });
  }, TIMEOUT_MS);
  afterAll(() => mesh?.stop());

  it(
    'passes wholly at the inbound server',
    () => passWholly(() => ({ host: podIp(mesh.pod('web')), port: H2_PORT })),
    TIMEOUT_MS,
  );

  it(
    'passes wholly at the outbound server',
    () =>
      passWholly(() => ({
        host: mesh.clusterIp('web'),
        port: H2_PORT,
        netns: netnsOf(mesh, mesh.pod('client')),
      })),
    TIMEOUT_MS,
  );
}

async function passWholly(target: () => H2specTarget): Promise<void> {
  const cases = await runH2spec(program, target());
  const wrong = cases.filter(({ outcome }) => outcome !== 'passed');
  const lines = wrong.map(({ section, name, outcome, detail }) => `${section} ${name}: ${outcome} ${detail}`);
  for (const line of lines) report(line);
  expect(lines).toEqual([]);
  expect(cases.length).toBe(CASES);
}
