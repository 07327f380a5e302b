import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openPolicy } from './connection.testing.ts';
import { Ports } from './ports.ts';
import type { ServerPolicy } from './server-policy.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function createPorts(eager: number[] = []) {
  const watches = new Map<number, (policy: ServerPolicy) => void>();
  const status = { isConnected: true };
  const ports = new Ports({
    discovery: {
      watchServer(port, listener) {
        watches.set(port, listener);
        return { close: () => watches.delete(port) };
      },
    },
    eager,
    idleTimeoutMs: 90_000,
    isConnected: () => status.isConnected,
    initialPolicy: () => openPolicy(),
  });
  return { ports, watches, status };
}

it('watches eager ports from the start and for ever, others while they are used', () => {
  const { ports, watches } = createPorts([80, 4191]);
  expect([...watches.keys()]).toEqual([80, 4191]);
  ports.release(ports.acquire(80));
  const first = ports.acquire(8080);
  expect(ports.acquire(8080)).toBe(first);
  ports.release(first);
  vi.advanceTimersByTime(100_000);
  expect([...watches.keys()]).toEqual([80, 4191, 8080]);
  ports.release(first);
  vi.advanceTimersByTime(89_999);
  expect(watches.has(8080)).toBe(true);
  vi.advanceTimersByTime(1);
  expect([...watches.keys()]).toEqual([80, 4191]);
});

it('keeps a port that is used again before it was forgotten', () => {
  const { ports, watches } = createPorts();
  const port = ports.acquire(8080);
  ports.release(port);
  vi.advanceTimersByTime(80_000);
  expect(ports.acquire(8080)).toBe(port);
  vi.advanceTimersByTime(80_000);
  expect(watches.has(8080)).toBe(true);
});

it('keeps what it knows while the policy service is away: a default policy may admit more', () => {
  const { ports, watches, status } = createPorts();
  const port = ports.acquire(8080);
  const strict = openPolicy({ authorizations: [] });
  watches.get(8080)?.(strict);
  ports.release(port);
  status.isConnected = false;
  vi.advanceTimersByTime(500_000);
  expect(ports.acquire(8080).policy).toBe(strict);
  ports.release(port);
  status.isConnected = true;
  vi.advanceTimersByTime(90_000);
  expect(watches.size).toBe(0);
});

it('tells its listeners of every change until they stop', () => {
  const { ports, watches } = createPorts();
  const port = ports.acquire(8080);
  const seen: ServerPolicy[] = [];
  const stop = port.onChange(() => seen.push(port.policy));
  const policy = openPolicy();
  watches.get(8080)?.(policy);
  stop();
  watches.get(8080)?.(openPolicy());
  expect(seen).toEqual([policy]);
});
