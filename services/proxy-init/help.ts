/** What `--help` prints. */
export const HELP = `Installs the iptables rules that lead a pod's TCP connections through its Linkerd proxy.

Usage: proxy-init [flags]

  -p, --incoming-proxy-port PORT      the proxy's inbound port (4143)
  -o, --outgoing-proxy-port PORT      the proxy's outbound port (4140)
  -u, --proxy-uid UID                 user whose connections are left alone (2102)
  -g, --proxy-gid GID                 group whose connections are left alone (-1: none)
  -r, --ports-to-redirect PORTS       redirect only these inbound ports (all)
      --inbound-ports-to-ignore PORTS   inbound ports left alone, such as 25,4567-4568
      --outbound-ports-to-ignore PORTS  outbound ports left alone
      --subnets-to-ignore CIDRS       inbound connections from these networks are left alone
      --firewall-bin-path PROGRAM     iptables-legacy, iptables-nft or a path (iptables-legacy)
      --firewall-save-bin-path PROGRAM  the same backend's save program (iptables-legacy-save)
      --ipv6                          also with ip6tables (true; --ipv6=false leaves IPv6 out)
      --timeout-close-wait-secs N     conntrack's timeout of half-closed connections (0: the kernel's)
      --netns PATH                    work in this network namespace
  -w, --use-wait-flag                 wait for the lock of the tables
      --simulate                      print the commands and run nothing
      --log-format plain|json         (plain)
      --log-level LEVEL               (info)
`;
