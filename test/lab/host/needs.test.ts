import { describe, expect, it } from 'vitest';
import { type Facts, listMissing } from './needs.ts';

const PROGRAMS =
  'containerd ctr containerd-shim-runc-v2 runc nft iptables ip mount nsenter unshare flock tar npm';
const PLUGINS = 'bridge host-local loopback portmap';
const GOOD: Facts = {
  platform: 'linux',
  arch: 'x64',
  uid: 0,
  found: new Set(`${PROGRAMS} ${PLUGINS}`.split(' ')),
  goVersion: 'go version go1.26.8 linux/amd64',
};

function without(...names: string[]): Facts {
  return { ...GOOD, found: new Set([...GOOD.found].filter((name) => !names.includes(name))) };
}

describe('listMissing()', () => {
  it('is content with a machine that has everything', () => {
    expect(listMissing(GOOD, { needsGo: true })).toEqual([]);
  });

  it('has a line for each thing, with what to do', () => {
    expect(listMissing({ ...without('runc', 'bridge'), uid: 1000 }, { needsGo: true })).toEqual([
      '"runc" is missing: apt-get install runc',
      '"bridge" is missing: apt-get install containernetworking-plugins',
      expect.stringMatching(/not root.*run as root/),
    ]);
  });

  it.each([
    ['', /^Go is missing.*into PATH/],
    ['go version go1.19.8 linux/amd64', /too old.*1\.21/],
  ])('asks for Go when "%s" is there, only where something is to be built', (goVersion, line) => {
    expect(listMissing({ ...GOOD, goVersion }, { needsGo: true })).toEqual([expect.stringMatching(line)]);
    expect(listMissing({ ...GOOD, goVersion }, { needsGo: false })).toEqual([]);
  });

  it('says nothing but the one thing elsewhere than on Linux', () => {
    expect(listMissing({ ...without('runc'), platform: 'darwin' }, { needsGo: true })).toHaveLength(1);
  });
});
