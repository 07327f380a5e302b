/** What others need to know of linkerd-await: its flags, variables and exit statuses. */
export const AWAIT_FLAG = {
  port: 'port',
  backoff: 'backoff',
  shutdown: 'shutdown',
  verbose: 'verbose',
  timeout: 'timeout',
  timeoutFatal: 'timeout-fatal',
  help: 'help',
} as const;

/** A text in either of them turns the wait off; it is the reason that --verbose prints. The first one wins. */
export const AWAIT_DISABLING_ENV = ['LINKERD_AWAIT_DISABLED', 'LINKERD_DISABLED'] as const;
export const AWAIT_VERBOSE_ENV = 'LINKERD_AWAIT_VERBOSE';

/** Exit statuses, as in sysexits(3); a command that ran gives its own. */
export const AWAIT_EXIT = { ok: 0, usage: 2, unavailable: 69, os: 71 } as const;
