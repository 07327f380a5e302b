import { MeshError } from '#lib/base';

export type ProxyInitErrorCode =
  | 'FLAG_INVALID'
  | 'FIREWALL_MISSING'
  | 'FIREWALL_DENIED'
  | 'FIREWALL_FAILED'
  | 'SYSCTL_FAILED';

function createError(code: ProxyInitErrorCode, message: string, cause?: unknown): MeshError {
  return new MeshError(code, message, cause === undefined ? undefined : { cause });
}

export function invalidFlag(flag: string, value: string, wanted: string): MeshError {
  return createError('FLAG_INVALID', `--${flag} ${JSON.stringify(value)} is not valid: give ${wanted}`);
}

export function unknownFlag(message: string): MeshError {
  return createError('FLAG_INVALID', `${message}; --help lists the flags`);
}

export function missingFirewall(program: string): MeshError {
  return createError(
    'FIREWALL_MISSING',
    `the program ${program} was not found: install the package iptables, or name another one with --firewall-bin-path and --firewall-save-bin-path`,
  );
}

/** `mend` says what is missing and what to do. */
export function deniedFirewall(program: string, detail: string, mend: string): MeshError {
  return createError('FIREWALL_DENIED', `${program} may not change the nat table (${detail}): ${mend}`);
}

export function failedFirewall(program: string, detail: string): MeshError {
  return createError(
    'FIREWALL_FAILED',
    `${program} failed (${detail}): check that the kernel has the nat table and the modules multiport, owner and comment, or try the other backend with --firewall-bin-path (iptables-nft, iptables-legacy)`,
  );
}

export function failedSysctl(path: string, cause: unknown): MeshError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return createError(
    'SYSCTL_FAILED',
    `${path} cannot be written (${why}): --timeout-close-wait-secs needs a privileged container (proxyInit.privileged, proxyInit.runAsRoot)`,
    cause,
  );
}
