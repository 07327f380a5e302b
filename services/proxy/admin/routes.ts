import { describeError } from '#lib/base';
import type { LogFilter } from '#lib/telemetry';
import { isLoopback } from '../transport/address.ts';

/** A request to the admin server, as far as its answers depend on it. */
export interface AdminRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly clientIp: string;
  readonly accept: string;
  readonly body: string;
}

export interface AdminAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A long body, made while it is sent; `body` is empty then. */
  readonly slices?: Iterable<string>;
}

/** What the admin server shows and does. */
export interface AdminState {
  readonly isReady: () => boolean;
  /** What stands between this proxy and readiness, in a sentence. */
  readonly describeWait: () => string | undefined;
  readonly renderMetrics: () => Iterable<string>;
  /** Undefined when logs are off altogether. */
  readonly logFilter: LogFilter | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Undefined when the shutdown endpoint is not enabled. */
  readonly shutdown: (() => void) | undefined;
}

/** Answers an admin request. Paths, methods and texts: facts sheet proxy-wire, section 11. */
export function answerAdmin(request: AdminRequest, state: AdminState): AdminAnswer {
  const [path = '/', query = ''] = request.path.split('?', 2);
  switch (path) {
    case '/live':
      return { status: 200, body: 'live\n' };
    case '/ready':
      return answerReady(state);
    case '/metrics':
      return answerMetrics(state.renderMetrics());
    case '/proxy-log-level':
      return answerLogLevel(request, state.logFilter);
    case '/env.json':
      return answerEnv(request, query, state.environment);
    case '/shutdown':
      return answerShutdown(request, state.shutdown);
    default:
      return { status: 404, body: '' };
  }
}

/** The first line is upstream's; who looks there by hand is told more. */
function answerReady(state: AdminState): AdminAnswer {
  if (state.isReady()) return { status: 200, body: 'ready\n' };
  const wait = state.describeWait();
  return { status: 503, body: `not ready\n${wait === undefined ? '' : `${wait}\n`}` };
}

function answerMetrics(slices: Iterable<string>): AdminAnswer {
  return { status: 200, body: '', slices, headers: { 'content-type': 'text/plain' } };
}

const LOCAL_ONLY: AdminAnswer = { status: 403, body: 'Requests are only permitted from localhost.' };

function answerLogLevel(request: AdminRequest, filter: LogFilter | undefined): AdminAnswer {
  if (!isLoopback(request.clientIp)) return LOCAL_ONLY;
  if (filter === undefined) return { status: 404, body: '' };
  if (request.method === 'GET') return { status: 200, body: `${filter.text}\n` };
  if (request.method !== 'PUT') return { status: 405, body: '', headers: { allow: 'GET,PUT' } };
  try {
    filter.set(request.body.trim());
    return { status: 204, body: '' };
  } catch (error) {
    return { status: 400, body: `${describeError(error)}\n` };
  }
}

function answerEnv(
  request: AdminRequest,
  query: string,
  environment: AdminState['environment'],
): AdminAnswer {
  if (request.method !== 'GET') return { status: 405, body: '', headers: { allow: 'GET' } };
  if (request.accept !== '' && !/(application\/json|application\/\*|\*\/\*)/.test(request.accept)) {
    return { status: 406, body: '' };
  }
  const names = query.split('&').filter((name) => name !== '');
  if (names.some((name) => name.includes('=')))
    return { status: 400, body: 'query parameters take no values\n' };
  if (!names.every(isDecodable)) return { status: 400, body: 'a query parameter is badly encoded\n' };
  const entries =
    names.length === 0
      ? Object.entries(environment)
      : names.map(decodeURIComponent).map((name) => [name, environment[name] ?? null] as const);
  return {
    status: 200,
    body: JSON.stringify(Object.fromEntries(entries)),
    headers: { 'content-type': 'application/json' },
  };
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function answerShutdown(request: AdminRequest, shutdown: (() => void) | undefined): AdminAnswer {
  if (request.method !== 'POST') return { status: 405, body: '', headers: { allow: 'POST' } };
  if (!isLoopback(request.clientIp)) return LOCAL_ONLY;
  if (shutdown === undefined) return { status: 404, body: 'shutdown endpoint is not enabled\n' };
  shutdown();
  return { status: 200, body: 'shutdown\n' };
}
