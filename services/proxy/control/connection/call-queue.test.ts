import { afterEach, describe, expect, it, vi } from 'vitest';
import { CallQueue } from './call-queue.ts';

afterEach(() => {
  vi.useRealTimers();
});

function createCall(name: string, log: string[]) {
  return {
    start: (connection: string) => void log.push(`${name} on ${connection}`),
    refuse: (message: string) => void log.push(`${name}: ${message}`),
  };
}

describe('CallQueue', () => {
  it('gives waiting calls to the connection in their order, once', () => {
    const log: string[] = [];
    const queue = new CallQueue<string>();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => createCall(name, log));
    for (const call of [a!, b!, c!]) queue.add(call);
    queue.remove(b!);
    queue.release('x');
    queue.release('y');
    expect(log).toEqual(['a on x', 'c on x']);
    expect(queue.size).toBe(0);
  });

  it('refuses calls above its capacity at once, and the others after their time', () => {
    vi.useFakeTimers();
    const log: string[] = [];
    const queue = new CallQueue<string>({ capacity: 2, waitMs: 30 });
    queue.add(createCall('a', log));
    vi.advanceTimersByTime(15);
    queue.add(createCall('b', log));
    queue.add(createCall('c', log));
    expect(log).toEqual(['c: too many calls wait for the control plane']);
    vi.advanceTimersByTime(22);
    expect(log).toEqual(['c: too many calls wait for the control plane', 'a: service in fail-fast']);
    vi.advanceTimersByTime(40);
    expect(log.at(-1)).toBe('b: service in fail-fast');
  });
});
