import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROXY_PORT } from '../../../services/proxy/contract.ts';
import { type Connection, listConnections } from '../capture/sockets.ts';
import { countText, type Stream } from '../capture/streams.ts';
import { startCapture } from '../capture/tcpdump.ts';
import { type Counters, readCounters, subtractCounters } from '../generator.ts';
import type { DemoMesh } from '../mesh.ts';
import type { Report } from '../report.ts';

/** What the generators send in the header x-shop-marker: see settings.yaml of the shop. */
const MESHED_MARKER = 'shop-marker-meshed';
const PLAIN_MARKER = 'shop-marker-outsider';
const HEADER = 'x-shop-marker';
const CAPTURE_MS = 3_000;

/** What was captured and counted in the same few seconds. */
interface Observation {
  /** On the link of web's pod, from and to both clients. */
  readonly wire: readonly Stream[];
  /** Inside of the meshed client's pod, between it and its proxy. */
  readonly inside: readonly Stream[];
  /** The connections to web that the meshed client's proxy had open before. */
  readonly known: readonly Connection[];
  readonly meshed: Counters;
  readonly plain: Counters;
}

/**
 * Captures what web's pod receives: from the meshed generator, whose marker must not be readable, and from the
 * unmeshed one, whose marker must be. Beside it, how the meshed generator hands its marker to its own proxy.
 */
export async function proveEncryption(mesh: DemoMesh, dir: string, report: Report): Promise<void> {
  const observation = await observe(mesh, dir);
  provePlain(mesh, observation, report);
  proveMeshed(mesh, observation, report);
}

async function observe({ pods }: DemoMesh, dir: string): Promise<Observation> {
  const { web, traffic, outsider } = pods;
  const known = await listConnections(traffic.netns, web.ip);
  const clients = `tcp and (host ${traffic.ip} or host ${outsider.ip})`;
  const wire = await startCapture({
    netns: web.netns,
    device: 'eth0',
    filter: clients,
    file: join(dir, 'wire.pcap'),
  });
  const inside = await startCapture({
    netns: traffic.netns,
    device: 'lo',
    filter: `tcp port ${PROXY_PORT.outbound}`,
    file: join(dir, 'inside.pcap'),
  });
  const before = { meshed: await readCounters(traffic), plain: await readCounters(outsider) };
  await sleep(CAPTURE_MS);
  const after = { meshed: await readCounters(traffic), plain: await readCounters(outsider) };
  return {
    wire: await wire.stop(),
    inside: await inside.stop(),
    known,
    meshed: subtractCounters(after.meshed, before.meshed),
    plain: subtractCounters(after.plain, before.plain),
  };
}

function provePlain({ pods }: DemoMesh, { wire, plain }: Observation, report: Report): void {
  const { web, outsider } = pods;
  const sent = wire.filter(
    (stream) => stream.source.startsWith(`${outsider.ip}:`) && isBetween(stream, outsider.ip, web.ip),
  );
  const found = countText(sent, PLAIN_MARKER);
  report.prove({
    title: 'an unmeshed client is still served, and its marker is readable on the wire',
    holds: found > 0 && plain.ok > 0 && plain.failed === 0 && plain.lastClientId === null,
    figures: [
      `"${PLAIN_MARKER}" found ${found} times between outsider (${outsider.ip}) and web (${web.ip})`,
      `meanwhile outsider had ${plain.ok} answers and ${plain.failed} failures; web saw its identity as ${plain.lastClientId ?? 'none'}`,
    ],
  });
}

function proveMeshed({ pods }: DemoMesh, { wire, inside, known, meshed }: Observation, report: Report): void {
  const { web, traffic } = pods;
  const own = findConnection(wire, known, web.ip);
  const encrypted = wire.filter((stream) => isBetween(stream, traffic.ip, web.ip));
  const [marker, header] = [countText(encrypted, MESHED_MARKER), countText(encrypted, HEADER)];
  const clear = countText(inside, MESHED_MARKER);
  const isServed = meshed.ok > 0 && meshed.failed === 0 && meshed.lastClientId === traffic.identity;
  report.prove({
    title: 'the marker that the meshed client sends in clear is not readable between the proxies',
    holds: own !== undefined && marker === 0 && header === 0 && clear > 0 && isServed,
    figures: [
      own === undefined
        ? `no connection between the proxies was captured; the kernel knew of ${JSON.stringify(known)}`
        : describeConnection(own),
      `"${MESHED_MARKER}" found ${marker} times and "${HEADER}" ${header} times between traffic (${traffic.ip}) and web (${web.ip})`,
      `"${MESHED_MARKER}" found ${clear} times inside of traffic's pod, on the way to its own proxy`,
      `meanwhile traffic had ${meshed.ok} answers and ${meshed.failed} failures; web saw its identity as ${meshed.lastClientId ?? 'none'}`,
    ],
  });
}

function isBetween({ source, destination }: Stream, one: string, other: string): boolean {
  const ends = [source, destination].map((end) => end.slice(0, end.lastIndexOf(':')));
  return ends.includes(one) && ends.includes(other);
}

interface CapturedConnection {
  readonly sent: Stream;
  readonly answered: Stream;
}

/** Of the connections that the client's proxy had open before, one that the capture holds both ways, as TLS. */
function findConnection(
  captured: readonly Stream[],
  known: readonly Connection[],
  serverIp: string,
): CapturedConnection | undefined {
  for (const { local, peer } of known) {
    const sent = captured.find(({ source, destination }) => source === local && destination === peer);
    const answered = captured.find(({ source, destination }) => source === peer && destination === local);
    if (sent === undefined || answered === undefined || !peer.startsWith(`${serverIp}:`)) continue;
    if (sent.tlsSegments > 0 && answered.tlsSegments > 0) return { sent, answered };
  }
  return undefined;
}

function describeConnection({ sent, answered }: CapturedConnection): string {
  const records = `${sent.tlsSegments + answered.tlsSegments} of ${sent.segments + answered.segments}`;
  return `captured: ${sent.source} → ${sent.destination}, ${sent.bytes.length} bytes there and ${answered.bytes.length} back; ${records} segments begin with a TLS record`;
}
