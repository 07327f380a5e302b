import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CHARTS } from '../../synth/charts/index.ts';
import { type HelmChart, renderDirect } from '../../synth/helm/index.ts';
import { compareChart } from '../../synth/helm/write-chart.ts';
import { ensureHelm, type HelmTools } from '../lab/tools.ts';
import { RELEASE, runHelm, runTemplate } from './helm.ts';
import { NEEDED } from './needed-values.ts';
import { CHARTS_FOLDER } from './presets.ts';

/** What mints, looks up, tells the time, or tells one run of Helm from another. */
const NOT_DETERMINISTIC =
  /\b(genCA|genCAWithKey|genSelfSignedCert|genSelfSignedCertWithKey|genSignedCert|genSignedCertWithKey|genPrivateKey|lookup|now|date|dateInZone|ago|randAlphaNum|randAlpha|randAscii|randNumeric|randBytes|randInt|shuffle|uuidv4|env|expandenv|getHostByName|htpasswd|bcrypt|encryptAES|derivePassword|unixEpoch)\b|\.Release\.(IsUpgrade|IsInstall|Revision)\b/;
/** Literal texts may hold such words. */
const TEXT_IN_ACTION = /"(?:[^"\\]|\\.)*"/g;
const TIMEOUT_MS = 300_000;

let tools: HelmTools;
beforeAll(async () => {
  tools = await ensureHelm();
}, TIMEOUT_MS);

function readActions(folder: string): { file: string; action: string }[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => /\.(yaml|tpl|txt)$/.test(file))
    .flatMap((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      return (text.match(/\{\{.*?\}\}/gs) ?? []).map((action) => ({ file, action }));
    });
}

describe('charts/', () => {
  it('is what synth/ says', () => {
    expect(CHARTS.flatMap((chart) => compareChart(chart, CHARTS_FOLDER))).toEqual([]);
  });

  it('has a folder for every chart, and no other', () => {
    const folders = readdirSync(CHARTS_FOLDER, { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    expect(folders.map(({ name }) => name).sort()).toEqual(CHARTS.map(({ name }) => name).sort());
  });

  it('is told apart from templates that mint or look up', () => {
    const breach = '{{ genCA "x" 1 }}'.replaceAll(TEXT_IN_ACTION, '');
    expect(
      [breach, '{{ now }}', '{{ if .Release.IsUpgrade }}'].every((text) => NOT_DETERMINISTIC.test(text)),
    ).toBe(true);
  });
});

describe.each((CHARTS as HelmChart[]).map((chart) => ({ chart, name: chart.name })))(
  'charts/$name',
  ({ chart }) => {
    const folder = join(CHARTS_FOLDER, chart.name);

    it('mints nothing, looks nothing up and asks for no time', () => {
      const actions = readActions(join(folder, 'templates'));
      const breaches = actions.filter(({ action }) =>
        NOT_DETERMINISTIC.test(action.replaceAll(TEXT_IN_ACTION, '')),
      );
      expect(breaches).toEqual([]);
    });

    it(
      'passes helm lint, by both lines of Helm',
      async () => {
        for (const helm of [tools.helm3, tools.helm4]) {
          const answer = await runHelm([helm, 'lint', folder, '-n', RELEASE.namespace]);
          expect(answer).toHaveProperty('output', expect.stringContaining('0 chart(s) failed'));
        }
      },
      TIMEOUT_MS,
    );

    it(
      'renders the same bytes in another zone, language and home, and on another host',
      async () => {
        const values = [NEEDED[chart.name] ?? {}];
        for (const helm of [tools.helm3, tools.helm4]) {
          const here = await runTemplate(helm, folder, values);
          const env = {
            TZ: 'Pacific/Apia',
            LANG: 'tr_TR.UTF-8',
            LC_ALL: 'tr_TR.UTF-8',
            HOME: '/nonexistent',
            HOSTNAME: 'h',
          };
          const elsewhere = await runTemplate(helm, folder, values, { env });
          expect(here).toHaveProperty('output');
          expect(elsewhere).toEqual(here);
          if (process.getuid?.() !== 0) continue;
          expect(await runTemplate(helm, folder, values, { env, isOtherHost: true })).toEqual(here);
        }
      },
      TIMEOUT_MS,
    );

    it('holds nothing of the machine that renders it directly', () => {
      const values = [NEEDED[chart.name] ?? {}];
      const { name: releaseName, namespace } = RELEASE;
      const text = JSON.stringify(renderDirect(chart, { values, releaseName, namespace }));
      expect(text).toBe(JSON.stringify(renderDirect(chart, { values, releaseName, namespace })));
      expect(text).not.toContain(hostname());
    });
  },
);
