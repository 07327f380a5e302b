/** What others need to know of proxy-init: its chains in the nat table and the names of its flags. */
export const REDIRECT_CHAIN = 'PROXY_INIT_REDIRECT';
export const OUTPUT_CHAIN = 'PROXY_INIT_OUTPUT';

export const FLAG = {
  incomingProxyPort: 'incoming-proxy-port',
  outgoingProxyPort: 'outgoing-proxy-port',
  proxyUid: 'proxy-uid',
  proxyGid: 'proxy-gid',
  portsToRedirect: 'ports-to-redirect',
  inboundPortsToIgnore: 'inbound-ports-to-ignore',
  outboundPortsToIgnore: 'outbound-ports-to-ignore',
  subnetsToIgnore: 'subnets-to-ignore',
  simulate: 'simulate',
  netns: 'netns',
  useWaitFlag: 'use-wait-flag',
  timeoutCloseWaitSecs: 'timeout-close-wait-secs',
  firewallBinPath: 'firewall-bin-path',
  firewallSaveBinPath: 'firewall-save-bin-path',
  ipv6: 'ipv6',
  logFormat: 'log-format',
  logLevel: 'log-level',
} as const;
