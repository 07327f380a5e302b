/** What decides whether a user without root can have a local mesh on this machine. */
export interface MachineFacts {
  readonly uid: number;
  readonly userName: string;
  /** Packages with programs that are not on the PATH. */
  readonly missingPackages: readonly string[];
  /** The texts of /etc/subuid and /etc/subgid; empty when they are not there. */
  readonly subuid: string;
  readonly subgid: string;
  /** Settings of the kernel, by their name in sysctl; those that it does not have are left out. */
  readonly sysctls: Readonly<Record<string, number>>;
  /** What was said when a user namespace was tried; undefined: it works. */
  readonly namespaceRefusal: string | undefined;
  /** What was said when one with a range of users was tried. */
  readonly rangeRefusal: string | undefined;
  /** What was said when a NAT table in one was tried. */
  readonly natRefusal: string | undefined;
}

/** Users inside of containers go up to 65534, nobody. */
const RANGE_SIZE = 65_536;
/** Where the tools that add users begin. */
const FIRST_RANGE_START = 100_000;

/** What is in the way, a sentence each that says what to do; none: nothing is. */
export function describeObstacles(facts: MachineFacts): readonly string[] {
  const known = [...describePackages(facts), ...describeRanges(facts), ...describeKernel(facts)];
  if (known.length > 0) return known;
  // These fail as well for want of the above.
  if (facts.rangeRefusal !== undefined) return [describeRangeRefusal(facts.rangeRefusal)];
  if (facts.natRefusal === undefined) return [];
  return [
    `iptables does not work in a user namespace: ${facts.natRefusal}; load its modules with "sudo modprobe -a nf_tables nft_compat nft_chain_nat xt_REDIRECT iptable_nat"`,
  ];
}

function describePackages({ missingPackages }: MachineFacts): readonly string[] {
  return missingPackages.map(
    (name) =>
      `programs of the package ${name} are not on the PATH: install it with "sudo apt-get install ${name}"`,
  );
}

function describeRanges({ uid, userName, subuid, subgid }: MachineFacts): readonly string[] {
  const files = [
    { file: '/etc/subuid', flag: '--add-subuids', text: subuid },
    { file: '/etc/subgid', flag: '--add-subgids', text: subgid },
  ];
  return files
    .filter(({ text }) => readRangeSize(text, { uid, userName }) < RANGE_SIZE)
    .map(({ file, flag, text }) => {
      const start = findFreeStart(text);
      return `user ${userName} does not have ${RANGE_SIZE} ids in ${file}, which the users of containers need: give them with "sudo usermod ${flag} ${start}-${start + RANGE_SIZE - 1} ${userName}"`;
    });
}

/** The settings that keep users from namespaces, in the order in which the kernel asks them. */
const LOCKS = [
  { name: 'user.max_user_namespaces', locked: 0, open: 10_000 },
  { name: 'kernel.unprivileged_userns_clone', locked: 0, open: 1 },
  { name: 'kernel.apparmor_restrict_unprivileged_userns', locked: 1, open: 0 },
] as const;

function describeKernel({ namespaceRefusal, sysctls, missingPackages }: MachineFacts): readonly string[] {
  if (namespaceRefusal === undefined) return [];
  const locks = LOCKS.filter(({ name, locked }) => sysctls[name] === locked);
  if (locks.length === 0) {
    // The trial itself may have lacked a program.
    if (missingPackages.length > 0) return [];
    return [
      `the kernel refuses users a user namespace, and no setting of it says why (${namespaceRefusal}): in a container, run it on the host instead`,
    ];
  }
  return locks.map(
    ({ name, locked, open }) =>
      `the kernel refuses users a user namespace, for ${name} is ${locked}: allow it with "sudo sysctl ${name}=${open}"`,
  );
}

function describeRangeRefusal(refusal: string): string {
  return refusal.includes('map-auto')
    ? `unshare does not know --map-auto (${refusal}): util-linux 2.38 or newer is needed`
    : `a user namespace with the ids of /etc/subuid and /etc/subgid cannot be made (${refusal}): try "sudo apt-get install --reinstall uidmap"`;
}

/** Lines are `USER:START:COUNT`, by name or number; the tools take the first of a user. */
function readRangeSize(text: string, user: { readonly uid: number; readonly userName: string }): number {
  const line = readLines(text).find(([owner]) => owner === user.userName || owner === `${user.uid}`);
  return Number(line?.[2] ?? 0);
}

function findFreeStart(text: string): number {
  const ends = readLines(text).map(([, start, count]) => Number(start) + Number(count));
  return Math.max(FIRST_RANGE_START, ...ends.filter(Number.isSafeInteger));
}

function readLines(text: string): readonly string[][] {
  return text.split('\n').map((line) => line.split(':'));
}
