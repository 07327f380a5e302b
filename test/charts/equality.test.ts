import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeError, seededRandom } from '#lib/base';
import { CHARTS } from '../../synth/charts/index.ts';
import { type HelmChart, renderDirect, writeChart } from '../../synth/helm/index.ts';
import { TOY_CHART } from '../../synth/helm/testing/toy-chart.ts';
import { validateValues } from '../../synth/values/spec.ts';
import { ensureHelm, type HelmTools } from '../lab/tools.ts';
import { generateValues } from './generated-values.ts';
import { parseObjects, RELEASE, runTemplate } from './helm.ts';
import { mendValues, NEEDED } from './needed-values.ts';
import { readPresets } from './presets.ts';
import { byName } from './same-objects.ts';

const GENERATED_SETS = 50;
const UNMENDED_SETS = 15;
const MAX_SEEDS = 200;
const TIMEOUT_MS = 600_000;

let folder: string;
let tools: HelmTools;
beforeAll(async () => {
  tools = await ensureHelm();
  folder = mkdtempSync(join(tmpdir(), 'charts-'));
  for (const chart of [TOY_CHART, ...CHARTS] as HelmChart[]) writeChart(chart, folder);
}, TIMEOUT_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Rendered {
  readonly objects?: Readonly<Record<string, unknown>>;
  readonly failure?: string;
}

function render(chart: HelmChart, values: readonly unknown[]): Rendered {
  try {
    const { name: releaseName, namespace } = RELEASE;
    return { objects: byName(renderDirect(chart, { values, namespace, releaseName, isHelm: true })) };
  } catch (error) {
    return { failure: describeError(error) };
  }
}

/** Both lines of Helm make of the values what direct mode makes of them: the same objects, or the same failure. */
async function expectSame(chart: HelmChart, values: readonly unknown[]): Promise<boolean> {
  const direct = render(chart, values);
  const told = `${chart.name} with ${JSON.stringify(values)}`;
  const chartFolder = join(folder, chart.name);
  const answers = [tools.helm3, tools.helm4].map((helm) => runTemplate(helm, chartFolder, values));
  for (const answer of await Promise.all(answers)) {
    if ('error' in answer) {
      expect(direct.failure, `${told}: helm says ${answer.error}`).toBeDefined();
      expect(answer.error, told).toContain(direct.failure);
    } else expect(byName(parseObjects(answer.output)), told).toEqual(direct.objects ?? direct.failure);
  }
  return direct.failure === undefined;
}

function neededBy(chart: HelmChart): unknown {
  return NEEDED[chart.name] ?? {};
}

describe.each(([TOY_CHART, ...CHARTS] as HelmChart[]).map((chart) => ({ chart, name: chart.name })))(
  'chart $name',
  ({ chart }) => {
    it('is the same by Helm and rendered directly, with its defaults', async () => {
      await expectSame(chart, []);
      expect(await expectSame(chart, [neededBy(chart)])).toBe(true);
    });

    it('is the same with every preset that is made for it', async () => {
      const presets = readPresets().filter(({ values }) => isFor(chart, values));
      for (const { file, values } of presets) {
        expect(await expectSame(chart, [neededBy(chart), values]), file).toBe(true);
      }
    });

    it(
      'fails alike with values that do not go together',
      async () => {
        for (let seed = 1; seed <= UNMENDED_SETS; seed++) {
          await expectSame(chart, [neededBy(chart), generateValues(chart.spec, seededRandom(seed))]);
        }
      },
      TIMEOUT_MS,
    );

    it(
      `is the same with ${GENERATED_SETS} generated sets of values`,
      async () => {
        let passed = 0;
        for (let seed = 1; passed < GENERATED_SETS && seed <= MAX_SEEDS; seed++) {
          const random = seededRandom(seed);
          const generated = generateValues(chart.spec, random);
          if (await expectSame(chart, [neededBy(chart), generated, mendValues(chart.name, random)])) passed++;
        }
        expect(passed).toBe(GENERATED_SETS);
      },
      TIMEOUT_MS,
    );
  },
);

it('has no preset that no chart knows', () => {
  const charts = CHARTS as HelmChart[];
  const unknown = readPresets().filter(({ values }) => !charts.some((chart) => isFor(chart, values)));
  expect(unknown.map(({ file }) => file)).toEqual([]);
});

function isFor(chart: HelmChart, values: unknown): boolean {
  try {
    validateValues(chart.spec, values);
    return true;
  } catch {
    return false;
  }
}
