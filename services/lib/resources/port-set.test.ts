import { describe, expect, it } from 'vitest';
import { containerPortNames, parsePortSet, readPortSet } from './index.ts';

const DEFAULT_OPAQUE_PORTS = '25,587,3306,4444,5432,6379,9300,11211';

describe('parsePortSet', () => {
  it.each([
    ['25', [25], [24, 26]],
    ['25,587,4000-4100', [25, 587, 4000, 4050, 4100], [26, 3999, 4101]],
    [' 80 , 90 - 92 ', [80, 90, 92], [81, 93]],
    ['', [], [1, 80]],
    ['80,', [80], [81]],
    ['1,65535', [1, 65_535], [2]],
  ])('%j holds %j and not %j', (text, inside, outside) => {
    const ports = parsePortSet(text);
    expect(inside.filter((port) => ports.has(port))).toEqual(inside);
    expect(outside.filter((port) => ports.has(port))).toEqual([]);
  });

  it.each([
    [DEFAULT_OPAQUE_PORTS, DEFAULT_OPAQUE_PORTS],
    [' 80 ,90-90,1 - 3', '80,90,1-3'],
    ['', ''],
  ])('%j is spelled %j', (text, spelled) => {
    expect(parsePortSet(text).toString()).toBe(spelled);
  });

  it.each(['0', '65536', '1-70000', '90-80', 'http', '-1', '80-', '8x'])('refuses %j, naming it', (word) => {
    expect(() => parsePortSet(`25,${word}`)).toThrow(`"${word}"`);
  });

  it('resolves the names of a pod, one name to several ports', () => {
    const names = containerPortNames({
      containers: [
        { name: 'a', ports: [{ name: 'tcp', containerPort: 5432 }] },
        { name: 'b', ports: [{ name: 'tcp', containerPort: 5433 }, { containerPort: 1 }] },
      ],
      initContainers: [{ name: 'c', ports: [{ name: 'side', containerPort: 4143 }] }],
    });
    expect(parsePortSet('tcp,side,80', names).toString()).toBe('5432,5433,4143,80');
  });
});

describe('readPortSet', () => {
  it('keeps what is readable and reports the rest', () => {
    const { ports, errors } = readPortSet('25,nope,99999,30-40');
    expect(ports.toString()).toBe('25,30-40');
    expect(errors.map((error) => error.message)).toEqual([
      expect.stringContaining('"nope" is neither a port, nor a range, nor the name of a port here'),
      expect.stringContaining('"99999" lies outside 1 to 65535'),
    ]);
  });
});
