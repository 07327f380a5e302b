/** What `--help` prints. */
export const HELP = `Waits until the Linkerd proxy of this pod is ready, then runs a command, if one is given.

Usage: linkerd-await [flags] [--] [command [arguments]]

  -p, --port PORT           the proxy's admin port, on 127.0.0.1 (4191)
  -b, --backoff DURATION    the longest wait between two checks (1s); the first ones are shorter
  -t, --timeout DURATION    give up after this (0: never) and exit with status 69
      --timeout-fatal=BOOL  whether giving up keeps the command from running (true)
  -S, --shutdown            tell the proxy to shut down when the command has ended
  -v, --verbose             say so where the wait is turned off
  -h, --help                this text

A text in LINKERD_AWAIT_DISABLED or LINKERD_DISABLED turns the wait off.
`;
