import { describe, expect, it } from 'vitest';
import { CONFIG_MAPS } from '#lib/resources';
import { createMemorySource } from './index.ts';
import { buildConfigMap, describeSource } from './source.case.ts';

describeSource('createMemorySource', async () => {
  const source = createMemorySource();
  return {
    source,
    put: async (object) => source.put(object),
    delete: async ({ metadata }) => source.delete(CONFIG_MAPS, metadata.namespace ?? '', metadata.name),
    close: source.close,
  };
});

describe('createMemorySource', () => {
  it('refuses objects that nobody asked for, so that a test does not wait in vain', () => {
    expect(() => createMemorySource().put(buildConfigMap('a', '1'))).toThrow(
      'nobody asked the source for ConfigMap objects',
    );
  });
});
