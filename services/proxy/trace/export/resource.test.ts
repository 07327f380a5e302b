import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLogger } from '#lib/telemetry';
import { parseAttributeLines, type TraceConfig } from '../../config.ts';
import { buildResource, readAttributesFile } from './resource.ts';

const CONFIG: TraceConfig = {
  collector: { host: 'localhost', port: 4317, identity: undefined },
  serviceName: 'linkerd-proxy',
  attributesPath: undefined,
  extraAttributes: new Map(),
  otelAttributes: new Map(),
  hostName: 'web-0',
};

const build = (changes: Partial<TraceConfig>, fileText = '') =>
  Object.fromEntries(
    buildResource({ config: { ...CONFIG, ...changes }, fileText, pid: 7, startedSeconds: 1000 }),
  );

describe('buildResource()', () => {
  it('says what process it is', () => {
    expect(build({})).toEqual({
      'process.pid': 7,
      'process.start_timestamp': 1000,
      'host.name': 'web-0',
      'service.name': 'linkerd-proxy',
    });
    expect(build({ hostName: undefined, serviceName: undefined })).toEqual({
      'process.pid': 7,
      'process.start_timestamp': 1000,
    });
  });

  it('has the labels of the pod, then the extra attributes, then those of OpenTelemetry: the last wins', () => {
    const file = 'app="web"\npod-template-hash="5d"\nservice.name="file"\n';
    const extraAttributes = parseAttributeLines('app=extra\nk8s.pod.ip=10.0.0.1\n');
    const otelAttributes = parseAttributeLines('app="otel"');
    expect(build({}, file)).toMatchObject({ app: 'web', 'pod-template-hash': '5d', 'service.name': 'file' });
    expect(build({ extraAttributes }, file)).toMatchObject({ app: 'extra', 'k8s.pod.ip': '10.0.0.1' });
    expect(build({ extraAttributes, otelAttributes }, file)).toMatchObject({ app: 'otel' });
  });
});

describe('parseAttributeLines()', () => {
  it('reads a line each, without the quotes, and skips what is none', () => {
    const text = 'a=1\n\nb="x=y"\n  c = z \nnothing\n=none\na=2\nd=\n';
    expect([...parseAttributeLines(text)]).toEqual([
      ['a', '2'],
      ['b', 'x=y'],
      ['c', 'z'],
      ['d', ''],
    ]);
  });
});

describe('readAttributesFile()', () => {
  it('does without a file that cannot be read, and says so', () => {
    const dir = mkdtempSync(join(tmpdir(), 'attributes-'));
    const lines: string[] = [];
    const log = createLogger({ target: 'test', write: (line) => lines.push(line) });
    writeFileSync(join(dir, 'labels'), 'app="web"\n');
    expect(readAttributesFile(join(dir, 'labels'), log)).toBe('app="web"\n');
    expect(readAttributesFile(undefined, log)).toBe('');
    expect(lines).toEqual([]);
    expect(readAttributesFile(join(dir, 'absent'), log)).toBe('');
    expect(lines[0]).toContain('The file of trace attributes cannot be read');
    rmSync(dir, { recursive: true });
  });
});
