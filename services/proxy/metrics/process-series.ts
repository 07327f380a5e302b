import { readdirSync, readFileSync } from 'node:fs';
import type { Registry } from '#lib/telemetry';

const PAGE_BYTES = 4096;
const TICKS_PER_SECOND = 100;

/** Registers the process_* metrics; they are read off /proc when metrics are asked for. */
export function registerProcessMetrics(registry: Registry): void {
  const startSeconds = Date.now() / 1000 - process.uptime();
  registry
    .gauge('process_start_time_seconds', 'Time that the process started (in seconds since the UNIX epoch)')
    .keepForever()
    .with({})
    .set(startSeconds);
  const uptime = registry
    .counter('process_uptime_seconds', 'Total time since the process started (in seconds)')
    .with({});
  const cpu = registry
    .counter('process_cpu_seconds', 'Total user and system CPU time spent in seconds')
    .with({});
  const virtual = registry.gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes').with({});
  const resident = registry.gauge('process_resident_memory_bytes', 'Resident memory size in bytes').with({});
  const openFds = registry.gauge('process_open_fds', 'Number of open file descriptors').with({});
  const maxFds = registry.gauge('process_max_fds', 'Maximum number of open file descriptors').with({});
  const threads = registry.gauge('process_threads', 'Number of OS threads in the process').with({});
  const received = registry
    .counter('process_network_receive_bytes', 'Number of bytes received over all network interfaces')
    .with({});
  const sent = registry
    .counter('process_network_transmit_bytes', 'Number of bytes transmitted over all network interfaces')
    .with({});
  const collect = () => {
    uptime.value = process.uptime();
    const stat = readProc('self/stat').split(') ')[1]?.split(' ') ?? [];
    cpu.value = (Number(stat[11]) + Number(stat[12])) / TICKS_PER_SECOND;
    threads.set(Number(stat[17]));
    virtual.set(Number(stat[20]));
    resident.set(Number(stat[21]) * PAGE_BYTES);
    openFds.set(readdirSync('/proc/self/fd').length);
    maxFds.set(Number(/Max open files\s+(\d+)/.exec(readProc('self/limits'))?.[1] ?? 0));
    const network = readNetworkBytes();
    received.value = network.received;
    sent.value = network.sent;
  };
  registry.onCollect(() => {
    try {
      collect();
    } catch {
      // Without a descriptor left /proc cannot be read: then, of all times, the page has to be there.
    }
  });
}

function readProc(name: string): string {
  return readFileSync(`/proc/${name}`, 'utf8');
}

function readNetworkBytes(): { received: number; sent: number } {
  const total = { received: 0, sent: 0 };
  for (const line of readProc('net/dev').split('\n').slice(2)) {
    const columns = line.split(':')[1]?.trim().split(/\s+/);
    total.received += Number(columns?.[0] ?? 0);
    total.sent += Number(columns?.[8] ?? 0);
  }
  return total;
}
