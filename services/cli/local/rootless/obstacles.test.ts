import { describe, expect, it } from 'vitest';
import { describeObstacles, type MachineFacts } from './obstacles.ts';

const WORKING: MachineFacts = {
  uid: 1001,
  userName: 'alice',
  missingPackages: [],
  subuid: 'bob:100000:65536\nalice:165536:65536\n',
  subgid: 'bob:100000:65536\n1001:165536:65536\n',
  sysctls: { 'user.max_user_namespaces': 96_365 },
  namespaceRefusal: undefined,
  rangeRefusal: undefined,
  natRefusal: undefined,
};
const REFUSED = 'unshare: unshare failed: Operation not permitted';
const refused = (sysctls: MachineFacts['sysctls']): MachineFacts => ({
  ...WORKING,
  sysctls,
  namespaceRefusal: REFUSED,
  rangeRefusal: REFUSED,
  natRefusal: REFUSED,
});

describe('describeObstacles()', () => {
  it('finds none where everything works', () => {
    expect(describeObstacles(WORKING)).toEqual([]);
  });

  it('names a sentence for each thing that is missing, and what to do', () => {
    const facts = {
      ...refused({ 'user.max_user_namespaces': 0 }),
      missingPackages: ['iptables', 'uidmap'],
      subuid: 'bob:100000:65536\n',
      subgid: 'bob:100000:65536\nalice:165536:1000\n',
    };
    expect(describeObstacles(facts)).toEqual([
      expect.stringContaining('"sudo apt-get install iptables"'),
      expect.stringContaining('"sudo apt-get install uidmap"'),
      expect.stringMatching(/ in \/etc\/subuid.*"sudo usermod --add-subuids 165536-231071 alice"/),
      expect.stringMatching(/ in \/etc\/subgid.*"sudo usermod --add-subgids 166536-232071 alice"/),
      expect.stringContaining('"sudo sysctl user.max_user_namespaces=10000"'),
    ]);
  });

  it.each([
    [{ 'user.max_user_namespaces': 0 }, 'sudo sysctl user.max_user_namespaces=10000'],
    [{ 'kernel.unprivileged_userns_clone': 0 }, 'sudo sysctl kernel.unprivileged_userns_clone=1'],
    [
      { 'kernel.apparmor_restrict_unprivileged_userns': 1 },
      'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0',
    ],
    [{ 'user.max_user_namespaces': 96_365 }, `no setting of it says why (${REFUSED})`],
  ])('says what a kernel with %j that refuses needs', (sysctls, advice) => {
    const sentences = describeObstacles(refused(sysctls));
    expect(sentences).toHaveLength(1);
    expect(sentences[0]).toContain(advice);
  });

  it('leaves alone a setting that does not keep this user from it', () => {
    const sysctls = { 'kernel.apparmor_restrict_unprivileged_userns': 1 };
    expect(describeObstacles({ ...WORKING, sysctls })).toEqual([]);
  });

  it('does not blame the kernel for a program that is missing', () => {
    const facts = { ...refused({}), missingPackages: ['util-linux'] };
    expect(describeObstacles(facts)).toEqual([expect.stringContaining('util-linux')]);
  });

  it('says when unshare is too old, and when the ids cannot be mapped', () => {
    const sentenceFor = (rangeRefusal: string) => describeObstacles({ ...WORKING, rangeRefusal }).join();
    expect(sentenceFor("unshare: unrecognized option '--map-auto'")).toContain('util-linux 2.38 or newer');
    expect(sentenceFor('newuidmap: write to uid_map failed')).toContain('--reinstall uidmap');
  });

  it('says when iptables does not work in a namespace', () => {
    const natRefusal = "iptables-restore v1.8.9 (legacy): can't initialize iptables table `nat'";
    expect(describeObstacles({ ...WORKING, natRefusal }).join()).toContain('sudo modprobe -a');
  });
});
