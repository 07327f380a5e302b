import { errorCode } from '#lib/base';
import { type CounterSeries, type GaugeSeries, type Labels, renderLabels } from '#lib/telemetry';
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
  readonly #cost: TransferCost | undefined;

  constructor(families: Families, labels: Labels, cost?: TransferCost) {
    this.#families = families;
    this.#labels = labels;
    this.#cost = cost;
    const text = renderLabels(labels);
    this.#opened = families.tcpOpen.withRendered(text);
    this.#open = families.tcpOpenConnections.withRendered(text);
    this.#read = families.tcpRead.withRendered(text);
    this.#written = families.tcpWrite.withRendered(text);
  }

  /** Counts a connection from now to its close. */
  track(tracker: TcpTracker, wire: Wire): void {
    this.#opened.inc();
    this.#open.inc();
    const counted = { read: 0, written: 0 };
    const settle = () => {
      const { bytesRead, bytesWritten } = wire.socket;
      // A socket that is destroyed takes back what it had not yet handed on; a counter cannot.
      this.#count(bytesRead - counted.read, Math.max(0, bytesWritten - counted.written));
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

  #count(readBytes: number, writtenBytes: number): void {
    this.#read.value += readBytes;
    this.#written.value += writtenBytes;
    if (this.#cost === undefined) return;
    this.#cost.received.value += readBytes;
    this.#cost.sent.value += writtenBytes;
  }
}

/** outbound_tcp_transfer_cost_bytes_total of the endpoints of one kind of zone. */
interface TransferCost {
  readonly received: CounterSeries;
  readonly sent: CounterSeries;
}

const ZONE_LOCALITY = { local: 'Local', remote: 'Remote', unknown: 'Unknown' } as const;

export function transferCostOf(families: Families, locality: keyof typeof ZONE_LOCALITY): TransferCost {
  const zone = { zone_locality: ZONE_LOCALITY[locality] };
  return {
    received: families.transferCost.with({ op: 'Recv', ...zone }),
    sent: families.transferCost.with({ op: 'Send', ...zone }),
  };
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
