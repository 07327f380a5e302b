/** What `--help` prints. */
export const HELP = `Sees whether this pod's connections are redirected to its Linkerd proxy.

Usage: network-validator [flags]

      --listen-addr IP:PORT    where redirected connections arrive (0.0.0.0:4140)
      --connect-addr IP:PORT   what to connect to: nobody's address (192.0.2.2:1404)
      --timeout DURATION       give up after this (10s)
      --log-format plain|json  (plain)
      --log-level LEVEL        (info)
  -h, --help                   this text

Exit status: 0 redirected, 95 not redirected, 2 a flag is wrong.
`;
