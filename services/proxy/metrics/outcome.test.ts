import { describe, expect, it } from 'vitest';
import { outcomeOf, responseErrorOf } from './outcome.ts';

// Facts sheet proxy-wire, section 21.
describe('outcomeOf()', () => {
  const plain = { isGrpc: false, grpcStatus: '', error: '' };

  it('takes 5xx for failures', () => {
    expect([200, 404, 429, 499, 500, 599].map((status) => outcomeOf({ ...plain, status }).success)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it.each([
    ['0', '0', true],
    ['2', '2', false],
    ['5', '5', true],
    ['14', '14', false],
    // Missing: not known, and no failure; what is no status of gRPC is the unknown one.
    ['', '2', true],
    ['no number', '2', true],
    ['17', '2', false],
    ['99999999999999999999', '2', false],
    ['014', '14', false],
  ])('takes the gRPC status %j for %s, a success: %j', (grpcStatus, label, success) => {
    const outcome = outcomeOf({ status: 200, isGrpc: true, grpcStatus, error: '' });
    expect(outcome).toEqual({ status: 200, success, grpcStatus: label, error: '' });
  });

  it('takes what broke off for a failure without a gRPC status', () => {
    const outcome = outcomeOf({ status: 200, isGrpc: true, grpcStatus: '0', error: 'unclassified' });
    expect(outcome).toMatchObject({ success: false, grpcStatus: '' });
  });
});

it('responseErrorOf() has few words, whatever peers send', () => {
  const ofReset = (code: number) => responseErrorOf({ kind: 'reset', code });
  expect([0, 8, 13].map(ofReset)).toEqual(['h2(NO_ERROR)', 'h2(CANCEL)', 'h2(HTTP_1_1_REQUIRED)']);
  expect(new Set([14, 99, 2 ** 32 - 1].map(ofReset))).toEqual(new Set(['h2(UNKNOWN)']));
  for (const kind of ['io', 'goaway', 'protocol', 'connect'] as const)
    expect(responseErrorOf({ kind, code: 8 })).toBe('unclassified');
});
