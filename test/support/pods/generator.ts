/**
 * Sends RATE requests a second to TARGET (`host:port`), the share NEW_SHARE each on a connection of its own, the
 * others on connections kept alive; and every QUIET_EVERY_MS one of each kind to QUIET_NEW_TARGET and
 * QUIET_KEPT_TARGET. Nothing is retried. `GET /` on PORT answers an account of all of it: see Account.
 */
import { Agent, createServer, request } from 'node:http';
import process from 'node:process';
import type { Account, Failure, FailureKind } from './account.ts';

const TIMEOUT_MS = 10_000;
const PACE_MS = 5;
/** More than this is a standstill of this machine: what was due in it is not made up for. */
const LATE_MOST_MS = 500;

const rate = Number(process.env['RATE'] ?? 250);
const newShare = Number(process.env['NEW_SHARE'] ?? 0.1);
const quietEveryMs = Number(process.env['QUIET_EVERY_MS'] ?? 8000);
const agent = new Agent({ keepAlive: true, maxSockets: Number(process.env['CONNECTIONS'] ?? 32) });
const quietAgent = new Agent({ keepAlive: true, maxSockets: 1 });

const account: Account = {
  sent: 0,
  ok: 0,
  inFlight: 0,
  newConnections: 0,
  quietSent: 0,
  quietOk: 0,
  servedBy: {},
  failures: [],
  inFlightBySecond: {},
};

interface Call {
  readonly target: string;
  readonly kind: FailureKind;
  readonly agent: Agent | undefined;
}

function send(call: Call): void {
  const sentAtMs = Date.now();
  account.sent++;
  account.inFlight++;
  noteInFlight();
  let settled = false;
  const settle = (failure: string | undefined, pod: string) => {
    if (settled) return;
    settled = true;
    noteInFlight();
    account.inFlight--;
    if (failure === undefined) {
      account.ok++;
      if (call.kind.startsWith('quiet')) account.quietOk++;
      account.servedBy[pod] = (account.servedBy[pod] ?? 0) + 1;
    } else
      account.failures.push({
        kind: call.kind,
        reason: failure,
        sentAtMs,
        failedAtMs: Date.now(),
      } satisfies Failure);
  };
  const [host, port] = call.target.split(':');
  const sent = request({ host, port, path: '/', agent: call.agent ?? false });
  const timer = setTimeout(() => {
    settle('timeout', '');
    sent.destroy();
  }, TIMEOUT_MS);
  sent.on('socket', () => {
    if (!sent.reusedSocket) account.newConnections++;
  });
  sent.on('response', (response) => {
    let body = '';
    response.on('data', (chunk: Buffer) => {
      body += chunk.toString('latin1');
    });
    response.on('error', () => {});
    response.on('close', () => {
      clearTimeout(timer);
      const why = `${response.statusCode} ${String(response.headers['l5d-proxy-error'] ?? '')}`;
      settle(!response.complete ? 'cut short' : response.statusCode === 200 ? undefined : why, body);
    });
  });
  sent.on('error', (error: NodeJS.ErrnoException) => {
    clearTimeout(timer);
    settle(error.code ?? error.message, '');
  });
  sent.end();
}

function noteInFlight(): void {
  const second = Math.floor(Date.now() / 1000);
  const { inFlightBySecond, inFlight } = account;
  if (inFlight > (inFlightBySecond[second] ?? 0)) inFlightBySecond[second] = inFlight;
}

const target = process.env['TARGET'] ?? '';
let pacedMs = performance.now();
let share = 0;
setInterval(() => {
  const nowMs = performance.now();
  if (nowMs - pacedMs > LATE_MOST_MS) pacedMs = nowMs;
  for (; pacedMs + 1000 / rate <= nowMs; pacedMs += 1000 / rate) {
    share += newShare;
    const isNew = share >= 1;
    if (isNew) share -= 1;
    send({ target, kind: isNew ? 'new' : 'kept', agent: isNew ? undefined : agent });
  }
}, PACE_MS);

/** Services that are asked so seldom that the proxy forgets the one nobody holds a connection to. */
const quietTargets = {
  'quiet new': process.env['QUIET_NEW_TARGET'],
  'quiet kept': process.env['QUIET_KEPT_TARGET'],
} as const;

function sendQuiet(): void {
  for (const kind of ['quiet new', 'quiet kept'] as const) {
    const quietTarget = quietTargets[kind];
    if (quietTarget === undefined) continue;
    account.quietSent++;
    send({ target: quietTarget, kind, agent: kind === 'quiet new' ? undefined : quietAgent });
  }
}
sendQuiet();
setInterval(sendQuiet, quietEveryMs);

createServer((_request, response) => response.end(JSON.stringify(account))).listen(
  Number(process.env['PORT']),
);
process.on('SIGTERM', () => process.exit(0));
