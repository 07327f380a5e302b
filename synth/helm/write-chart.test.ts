import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TOY_CHART } from './testing/toy-chart.ts';
import { compareChart, writeChart } from './write-chart.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'charts-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('writeChart', () => {
  it('writes the files of a Helm chart', () => {
    writeChart(TOY_CHART, folder);
    expect(readdirSync(join(folder, 'toy')).sort()).toEqual([
      '.helmignore',
      'Chart.yaml',
      'README.md',
      'templates',
      'values.schema.json',
      'values.yaml',
    ]);
    expect(readdirSync(join(folder, 'toy/templates')).sort()).toEqual([
      'NOTES.txt',
      '_synth.tpl',
      'config.yaml',
      'worker.yaml',
    ]);
    expect(readFileSync(join(folder, 'toy/Chart.yaml'), 'utf8')).toContain('kubeVersion: ">=1.31.0-0"');
    expect(readFileSync(join(folder, 'toy/templates/NOTES.txt'), 'utf8')).toBe(
      'Installed into {{ .Release.Namespace }}.\n',
    );
  });

  it('writes the same again, and removes what is no longer part of the chart', () => {
    writeChart(TOY_CHART, folder);
    writeFileSync(join(folder, 'toy/templates/old.yaml'), 'kind: Old\n');
    expect(compareChart(TOY_CHART, folder)).toEqual(['toy/templates/old.yaml: not ours']);
    writeChart(TOY_CHART, folder);
    expect(compareChart(TOY_CHART, folder)).toEqual([]);
  });
});

describe('compareChart', () => {
  it('says which files differ, and where', () => {
    writeChart(TOY_CHART, folder);
    const values = join(folder, 'toy/values.yaml');
    writeFileSync(values, readFileSync(values, 'utf8').replace('cluster.local', 'other'));
    rmSync(join(folder, 'toy/README.md'));
    expect(compareChart(TOY_CHART, folder)).toEqual([
      'toy/values.yaml: differs from line 4 on',
      'toy/README.md: missing',
    ]);
  });
});
