import type { IpFamily } from './rules.ts';

/** The three programs of one iptables backend and address family. */
export interface FirewallPrograms {
  readonly main: string;
  readonly save: string;
  readonly restore: string;
}

/**
 * The programs to run for a family: IPv6 has twins named `ip6tables…`, and the restore program is named as the
 * main one with `-restore` behind it (`iptables-nft` → `iptables-nft-restore`). Folders in front are kept.
 */
export function choosePrograms(bin: string, saveBin: string, family: IpFamily): FirewallPrograms {
  const named = (path: string) =>
    family === 'ipv6' ? path.replace(/iptables(?=[^/]*$)/, 'ip6tables') : path;
  return { main: named(bin), save: named(saveBin), restore: `${named(bin)}-restore` };
}
