import { describe, expect, it } from 'vitest';
import { renderDirect, renderNotes } from './render-direct.ts';
import { TOY_CHART } from './testing/toy-chart.ts';

const OPTIONS = { values: [], namespace: 'ns', releaseName: 'toy' };

describe('renderDirect', () => {
  it('gives plain objects in the order in which Helm installs them', () => {
    const objects = renderDirect(TOY_CHART, OPTIONS);
    expect(objects.map(({ kind }) => kind)).toEqual(['ConfigMap', 'Deployment', 'Thing']);
    expect(objects[0]?.metadata).toEqual({ name: 'config', namespace: 'ns', labels: {} });
    expect(JSON.stringify(objects)).not.toContain('"$');
  });

  it('leaves out what a condition leaves out', () => {
    const objects = renderDirect(TOY_CHART, { ...OPTIONS, values: [{ enabled: false }] });
    expect(objects.map(({ kind }) => kind)).toEqual(['ConfigMap', 'Thing']);
  });

  it('refuses values that the chart does not know, or refuses itself', () => {
    const render = (values: unknown) => () => renderDirect(TOY_CHART, { ...OPTIONS, values: [values] });
    expect(render({ domian: 'x' })).toThrow('did you mean domain?');
    expect(render({ enabled: false, schedule: 'daily' })).toThrow('schedule needs enabled');
    expect(render({ secret: { name: '' } })).toThrow('a name is needed');
  });
});

describe('renderNotes', () => {
  it('is what Helm says after an installation', () => {
    expect(renderNotes(TOY_CHART, OPTIONS)).toBe('Installed into ns.\n');
  });
});
