import { describe, expect, it } from 'vitest';
import {
  EnvReader,
  parseBooleanValue,
  parseDurationValue,
  parseNetworksValue,
  parsePortRangesValue,
} from './index.ts';

describe('EnvReader', () => {
  it('tells absent, unreadable and missing values apart, and names all of them', () => {
    const env = new EnvReader({ TIMEOUT: '10', EMPTY: '' });
    expect(env.optional('ABSENT', parseDurationValue, 5)).toBe(5);
    expect(env.optional('TIMEOUT', parseDurationValue, 5)).toBe(5);
    expect(env.optional('EMPTY', parseBooleanValue, true)).toBe(true);
    env.required('NAME', (text) => text, '');
    expect(() => env.check()).toThrow(
      'invalid environment: TIMEOUT "10" is not a duration: a whole number with ms, s, m, h or d, such as 10s; ' +
        'EMPTY "" is neither true nor false; NAME is required and not set',
    );
  });
});

describe('parsers', () => {
  it('parsePortRangesValue() reads ports and inclusive ranges', () => {
    const ports = parsePortRangesValue('25, 4000-4002');
    expect([...ports.ports()]).toEqual([25, 4000, 4001, 4002]);
    expect(ports.has(4001)).toBe(true);
    expect(ports.has(26)).toBe(false);
    for (const bad of ['x', '2-1', '70000', '1-'])
      expect(() => parsePortRangesValue(bad)).toThrow('no port or range');
  });

  it('parseNetworksValue() refuses what is no CIDR block', () => {
    expect(parseNetworksValue('10.0.0.0/8,fd00::/8')).toEqual(['10.0.0.0/8', 'fd00::/8']);
    for (const bad of ['10.0.0.0', '10.0.0.0/33', 'x/8']) expect(() => parseNetworksValue(bad)).toThrow(bad);
  });
});
