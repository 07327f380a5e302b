import { describe, expect, it } from 'vitest';
import { describeMend, parsePrivileges } from './privileges.ts';

const status = (bounding: string, noNewPrivileges = 0) =>
  `Name:\tnode\nCapEff:\t0000000000000000\nCapBnd:\t${bounding}\nNoNewPrivs:\t${noNewPrivileges}\n`;

describe('what a container may not', () => {
  it.each([
    ['00000000a80425fb', ['NET_ADMIN']],
    ['00000000a80435fb', []],
    ['0000000000001000', ['NET_RAW']],
    ['0000000000000000', ['NET_ADMIN', 'NET_RAW']],
    ['000001ffffffffff', []],
  ])('is read off the bounding set %s: %j', (bounding, missing) => {
    expect(parsePrivileges(status(bounding))).toEqual({ missing, noNewPrivileges: false });
  });

  it('is nothing where the system does not say', () => {
    expect(parsePrivileges('')).toEqual({ missing: [], noNewPrivileges: false });
  });

  it('is told with what to do', () => {
    expect(describeMend(parsePrivileges(status('00000000a80425fb')))).toMatch(
      /^its container may not have the capability NET_ADMIN; name it in securityContext\.capabilities\.add/,
    );
    expect(describeMend(parsePrivileges(status('0')))).toContain(
      'the capabilities NET_ADMIN and NET_RAW; name them',
    );
    expect(describeMend(parsePrivileges(status('1ffffffffff', 1)))).toContain(
      'allowPrivilegeEscalation: true',
    );
    expect(describeMend(parsePrivileges(status('1ffffffffff')))).toContain('run as root');
  });
});
