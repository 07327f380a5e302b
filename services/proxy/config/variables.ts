import { ENV_PREFIX } from '../contract.ts';

/** Variables of the proxy: names without the prefix, and what holds where they are not set. */
export interface VariableRow {
  /** As the README has it: `A_{MIN,MAX}`. */
  readonly pattern: string;
  readonly names: readonly string[];
  readonly default: string;
  readonly meaning: string;
}

/** Every one that is read. A test holds the README's tables equal to this list and the next. */
export const VARIABLES: readonly VariableRow[] = [
  row('OUTBOUND_LISTEN_ADDRS', '127.0.0.1:4140', 'at most two addresses for what the app sends'),
  row('OUTBOUND_LISTEN_ADDR', 'none', 'deprecated: the one before with a single address'),
  row('INBOUND_LISTEN_ADDR', '0.0.0.0:4143', 'for what comes to the app'),
  row('ADMIN_LISTEN_ADDR', '127.0.0.1:4191', 'the admin server'),
  row('INBOUND_IPS', 'empty', 'addresses of this pod; empty accepts connections to any'),
  row('SHUTDOWN_GRACE_PERIOD', '2m', 'how long connections may take to end'),
  row('SHUTDOWN_ENDPOINT_ENABLED', 'false', '`POST /shutdown` on the admin server'),
  row('LOG', 'warn,linkerd=info,hickory=error', 'levels by target; `off` for good'),
  row('LOG_FORMAT', 'PLAIN', 'PLAIN or JSON; another value is warned of'),
  row('ACCESS_LOG', 'none', '`apache` or `json`: a line for each inbound request, on standard error'),
  row('METRICS_RETAIN_IDLE', '10m', 'how long a label set stays without change'),
  row('METRICS_MAX_SERIES', '10000', 'label sets of a family (ours)'),
  row('INGRESS_MODE', 'false', 'requests go where `l5d-dst-override` says'),
  row('INBOUND_GATEWAY_SUFFIXES', 'empty', 'names that this proxy is a gateway for; empty for none'),
  row('{INBOUND,OUTBOUND}_ACCEPT_{KEEPALIVE,USER_TIMEOUT}', 'off', 'TCP, of connections taken'),
  row('{INBOUND,OUTBOUND}_CONNECT_{KEEPALIVE,USER_TIMEOUT}', 'off', 'TCP, of connections made'),
  row('{INBOUND,OUTBOUND}_TCP_LISTEN_BACKLOG', "the system's", 'connections not accepted yet'),
  row('{INBOUND,OUTBOUND}_CONNECT_TIMEOUT', '300ms, 1s', ''),
  row(
    '{INBOUND,OUTBOUND}_CONNECT_EXP_BACKOFF_{MIN,MAX,JITTER}',
    '100ms, 10s or 60s, 0.1',
    'MIN with MAX; JITTER is 0 then',
  ),
  row('{INBOUND,OUTBOUND}_DETECT_TIMEOUT', '10s', 'for the first bytes of a connection'),
  row(
    '{INBOUND,OUTBOUND}_HTTP_QUEUE_CAPACITY',
    '10000',
    'requests that wait for a connection to the app, for an endpoint; those above get 503',
  ),
  row('OUTBOUND_HTTP_FAILFAST_TIMEOUT', '3s', 'how long they wait'),
  row('OUTBOUND_TCP_QUEUE_CAPACITY', '10000', 'connections that wait for an endpoint'),
  row('OUTBOUND_TCP_FAILFAST_TIMEOUT', '3s', 'how long they wait'),
  row('{INBOUND,OUTBOUND}_MAX_IN_FLIGHT', '100000', 'requests on their way; those above get 503'),
  row('MAX_IDLE_CONNS_PER_ENDPOINT', '10000', 'HTTP/1 connections kept to the app'),
  row('OUTBOUND_MAX_IDLE_CONNS_PER_ENDPOINT', '10000', 'HTTP/1 connections kept to an endpoint'),
  row('{INBOUND,OUTBOUND}_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT', '3s', 'how long they are kept'),
  row(
    '{INBOUND,OUTBOUND}_DISCOVERY_IDLE_TIMEOUT',
    '90s, 5s',
    'how long an unused port or destination is watched',
  ),
  row('HTTP2_INITIAL_STREAM_WINDOW_SIZE', '65535', 'bytes, of connections made'),
  row('HTTP2_INITIAL_CONNECTION_WINDOW_SIZE', '1048576', 'bytes, of connections made; at least 65535'),
  row(
    '{INBOUND,OUTBOUND}_SERVER_HTTP2_INITIAL_{STREAM,CONNECTION}_WINDOW_SIZE',
    '65535, 1048576',
    'bytes, of connections taken; both or none',
  ),
  row('{INBOUND,OUTBOUND}_SERVER_HTTP2_KEEP_ALIVE_{INTERVAL,TIMEOUT}', 'off', 'pings; both or none'),
  row('{INBOUND,OUTBOUND}_SERVER_HTTP2_MAX_CONCURRENT_STREAMS', 'none', ''),
  row('{INBOUND,OUTBOUND}_SERVER_HTTP2_MAX_HEADER_LIST_SIZE', '16384', 'bytes'),
  row('{INBOUND,OUTBOUND}_SERVER_HTTP2_MAX_FRAME_SIZE', '16384', 'bytes of a frame taken, up to 16777215'),
  row(
    '{INBOUND,OUTBOUND}_SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS',
    '1000',
    'resets of young streams at once',
  ),
  row('DESTINATION_SVC_{ADDR,NAME}', 'required', 'NAME unless ADDR is loopback, here and below'),
  row('DESTINATION_CONTEXT', 'empty', 'sent along with every lookup'),
  row('DESTINATION_PROFILE_SUFFIXES', 'svc.cluster.local', 'names that may have a profile'),
  row('DESTINATION_PROFILE_NETWORKS', 'empty', 'addresses that may have a profile'),
  row('POLICY_SVC_{ADDR,NAME}', 'required', ''),
  row('POLICY_WORKLOAD', 'required', 'sent along with every lookup'),
  row('POLICY_CLUSTER_NETWORKS', 'empty', 'who is in the cluster; `cluster-*` and `audit` need it'),
  row('INBOUND_DEFAULT_POLICY', 'all-unauthenticated', 'until the policy service has spoken'),
  row('INBOUND_PORTS', 'empty', 'ports whose policy is watched from the start'),
  row(
    'INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION',
    'empty',
    'ports that are opaque until the policy says otherwise',
  ),
  row(
    'CONTROL_STREAM_{INITIAL_TIMEOUT,IDLE_TIMEOUT,LIFETIME}',
    'none',
    'each at most the next; empty is none',
  ),
  row('DNS_{MIN,MAX}_TTL', 'none', 'how long an address of the control plane is good; 5s at least'),
  row('OUTBOUND_DISABLE_INFORMATIONAL_HEADERS', 'as INGRESS_MODE', 'no error texts for the app'),
  row('OUTBOUND_METRICS_HOSTNAME_LABELS', 'false', ''),
  row('INBOUND_METRICS_AUTHORITY_LABELS', 'empty', '`unsafe` labels inbound requests with their authority'),
  row('TRACE_COLLECTOR_SVC_{ADDR,NAME}', 'none', 'where spans go; nothing is traced without'),
  row('TRACE_SERVICE_NAME', 'none', '`service.name` of the spans'),
  row('TRACE_ATTRIBUTES_PATH', 'none', "a file of further attributes, `k=v` a line: the pod's labels"),
  row('TRACE_EXTRA_ATTRIBUTES', 'empty', 'further attributes, `k=v` a line'),
  row('IDENTITY_TRUST_ANCHORS', 'required', 'PEM'),
  row('IDENTITY_LOCAL_NAME', 'required', 'unless the two below are set'),
  row('IDENTITY_SERVER_{ID,NAME}', 'IDENTITY_LOCAL_NAME', 'both or none, and the same'),
  row('IDENTITY_SVC_{ADDR,NAME}', 'required', ''),
  row('IDENTITY_TOKEN_FILE', 'required', 'read for every certificate'),
  row('IDENTITY_{MIN,MAX}_REFRESH', '10s, 24h', 'bounds of 70 % of what is left of a certificate'),
  row('IDENTITY_DISABLED', 'none', 'a value ends the proxy: there is no mesh without identity'),
];

/** Why a variable of upstream's has no effect; `isUsual` ones are set by the chart and nothing to warn of. */
export interface UnsupportedRow {
  readonly pattern: string;
  readonly names: readonly string[];
  readonly reason: string;
  readonly isUsual: boolean;
}

export const NOT_SUPPORTED: readonly UnsupportedRow[] = [
  unsupported('CORES', 'requests are served by one thread: a second core would need a second proxy', true),
  unsupported('CORES_{MIN,MAX,MAX_RATIO}', 'as CORES', true),
  unsupported('IDENTITY_DIR', 'the key is made in memory: no file is read or written', true),
  unsupported('CONTROL_LISTEN_ADDR', 'tap is not served yet', true),
  unsupported('TAP_SVC_NAME', 'tap is not served yet'),
  unsupported('IDENTITY_SPIRE_WORKLOAD_API_ADDRESS', 'certificates come from the identity service alone'),
  unsupported('IDENTITY_SPIRE_SOCKET', 'deprecated; certificates come from the identity service alone'),
  unsupported('LINKERD2_PROXY_IDENTITY_SPIRE_EXP_BACKOFF_{MIN,MAX,JITTER}', 'as the ones before'),
  unsupported(
    'INBOUND_HTTP_FAILFAST_TIMEOUT',
    'requests wait for a connection to the app alone, and no longer than `INBOUND_CONNECT_TIMEOUT`',
  ),
  unsupported('DESTINATION_PROFILE_INITIAL_TIMEOUT', 'inbound requests are not classified by profiles'),
  unsupported(
    '{INBOUND,OUTBOUND}_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL',
    'windows are the sizes they are set to',
  ),
  unsupported(
    '{INBOUND,OUTBOUND}_SERVER_HTTP2_MAX_SEND_BUF_SIZE',
    "a stream sends by its client's window, from no buffer of its own",
  ),
  unsupported(
    'INBOUND_PORTS_REQUIRE_{IDENTITY,TLS}',
    'upstream ignores it as well: policies say who may connect',
    true,
  ),
  unsupported('TRACE_{PROTOCOL,ANNOTATIONS_PATH}', 'upstream ignores it as well', true),
];

function row(pattern: string, fallback: string, meaning: string): VariableRow {
  return { pattern, names: expand(pattern), default: fallback, meaning };
}

function unsupported(pattern: string, reason: string, isUsual = false): UnsupportedRow {
  return { pattern, names: expand(pattern), reason, isUsual };
}

/** `{A,B}_C` is `A_C` and `B_C`. */
function expand(pattern: string): readonly string[] {
  const match = /^(.*?)\{([^}]*)\}(.*)$/.exec(pattern);
  if (match === null) return [pattern];
  const [, before = '', choices = '', after = ''] = match;
  return choices.split(',').flatMap((choice) => expand(`${before}${choice}${after}`));
}

/** The whole names of what can be set. */
export function listVariables(): ReadonlySet<string> {
  const rows = [...VARIABLES, ...NOT_SUPPORTED];
  return new Set(rows.flatMap(({ names }) => names.map((suffix) => `${ENV_PREFIX}${suffix}`)));
}
