/** What others need to know of the network validator: its flags, their defaults, and how it ends. */
export const VALIDATOR_FLAG = {
  listenAddr: 'listen-addr',
  connectAddr: 'connect-addr',
  timeout: 'timeout',
  logFormat: 'log-format',
  logLevel: 'log-level',
  help: 'help',
} as const;

/** The address to connect to is one of those kept for documentation (RFC 5737): nobody has it. */
export const VALIDATOR_DEFAULT = {
  listenAddr: '0.0.0.0:4140',
  connectAddr: '192.0.2.2:1404',
  timeout: '10s',
} as const;

export const VALIDATOR_ENV = {
  logLevel: 'LINKERD_VALIDATOR_LOG_LEVEL',
  logFormat: 'LINKERD_VALIDATOR_LOG_FORMAT',
} as const;

/** The CNI repair controller deletes pods whose validator ended with `invalid` (EOPNOTSUPP), and no others. */
export const VALIDATOR_EXIT = { ok: 0, usage: 2, invalid: 95 } as const;
