import { errorCode } from '#lib/base';
import type { CounterSeries, GaugeSeries, Labels } from '#lib/telemetry';
import type { Wire } from '../transport/wire.ts';
import type { Families } from './families.ts';

/**
 * tcp_* of connections with the same labels. Bytes are read off the sockets' own counters when metrics are asked for
 * and when a connection closes, so that a transfer costs nothing here.
 */
export class TcpSeries {
  readonly #families: Families;
  readonly #labels: Labels;
  readonly #opened: CounterSeries;
  readonly #open: GaugeSeries;
  readonly #read: CounterSeries;
  readonly #written: CounterSeries;

  constructor(families: Families, labels: Labels) {
    this.#families = families;
    this.#labels = labels;
    this.#opened = families.tcpOpen.with(labels);
    this.#open = families.tcpOpenConnections.with(labels);
    this.#read = families.tcpRead.with(labels);
    this.#written = families.tcpWrite.with(labels);
  }

  /** Counts a connection from now to its close. */
  track(tracker: TcpTracker, wire: Wire): void {
    this.#opened.inc();
    this.#open.inc();
    const counted = { read: 0, written: 0 };
    const settle = () => {
      const { bytesRead, bytesWritten } = wire.socket;
      this.#read.inc(bytesRead - counted.read);
      // A socket that is destroyed takes back what it had not yet handed on; a counter cannot.
      this.#written.inc(Math.max(0, bytesWritten - counted.written));
      counted.read = bytesRead;
      counted.written = bytesWritten;
    };
    const stop = tracker.add(settle);
    let failure: Error | undefined;
    wire.socket.once('error', (error) => {
      failure = error;
    });
    wire.socket.once('close', () => {
      stop();
      this.#open.dec();
      this.#families.tcpClose.with({ ...this.#labels, errno: errorCode(failure) }).inc();
    });
  }
}

/** The open connections whose byte counters are still to be read. */
export class TcpTracker {
  readonly #settlers = new Set<() => void>();

  add(settle: () => void): () => void {
    this.#settlers.add(settle);
    return () => {
      if (this.#settlers.delete(settle)) settle();
    };
  }

  /** Open connections, of both directions and sides. */
  get size(): number {
    return this.#settlers.size;
  }

  settleAll(): void {
    for (const settle of this.#settlers) settle();
  }
}
