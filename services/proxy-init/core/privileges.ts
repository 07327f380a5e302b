/** What a process may not do that the firewall needs: from `/proc/self/status`. */
export interface Privileges {
  /** Capabilities that no program it starts can have. */
  readonly missing: readonly string[];
  /** Capabilities of files give nothing (`allowPrivilegeEscalation: false`). */
  readonly noNewPrivileges: boolean;
}

/** Bits of a capability set. Source: include/uapi/linux/capability.h. */
const NEEDED = { NET_ADMIN: 12n, NET_RAW: 13n } as const;

/** Reads the text of `/proc/self/status` (man 5 proc: CapBnd, NoNewPrivs); what it does not say is taken for granted. */
export function parsePrivileges(status: string): Privileges {
  const bounding = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  const missing = Object.entries(NEEDED)
    .filter(([, bit]) => bounding !== undefined && ((BigInt(`0x${bounding}`) >> bit) & 1n) === 0n)
    .map(([name]) => name);
  return { missing, noNewPrivileges: /^NoNewPrivs:\s*1$/m.test(status) };
}

/** What to do about a refusal, in words that follow "may not …: ". */
export function describeMend({ missing, noNewPrivileges }: Privileges): string {
  if (missing.length > 0) {
    const names = missing.join(' and ');
    const one = missing.length === 1 ? 'capability' : 'capabilities';
    return `its container may not have the ${one} ${names}; name ${missing.length === 1 ? 'it' : 'them'} in securityContext.capabilities.add of linkerd-init, or, where the cluster forbids that, let a CNI plugin install the rules (cniEnabled)`;
  }
  if (noNewPrivileges)
    return 'run as root (proxyInit.runAsRoot), or set allowPrivilegeEscalation: true, so that the capabilities NET_ADMIN and NET_RAW of the program count';
  return 'run as root, or grant the capabilities NET_ADMIN and NET_RAW';
}
