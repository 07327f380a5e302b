import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listConnections } from '../capture/sockets.ts';
import { countText, type Stream } from '../capture/streams.ts';
import { startCapture } from '../capture/tcpdump.ts';
import { readCounters, subtractCounters } from '../generator.ts';
import type { DemoMesh } from '../mesh.ts';
import type { Report } from '../report.ts';

/** What the generators send in the header x-shop-marker: see settings.yaml of the shop. */
const MESHED_MARKER = 'shop-marker-meshed';
const PLAIN_MARKER = 'shop-marker-outsider';
const HEADER = 'x-shop-marker';
const CAPTURE_MS = 3_000;

/**
 * Captures what web's pod receives: from the meshed generator, whose marker must not be readable, and from the
 * unmeshed one, whose marker must be. Beside it, how the meshed generator hands its marker to its own proxy.
 */
export async function proveEncryption(mesh: DemoMesh, dir: string, report: Report): Promise<void> {
  const { web, traffic, outsider } = mesh.pods;
  const known = await listConnections(traffic.netns, web.ip);
  const wire = await startCapture({
    netns: web.netns,
    device: 'eth0',
    filter: `tcp and (host ${traffic.ip} or host ${outsider.ip})`,
    file: join(dir, 'wire.pcap'),
  });
  const inside = await startCapture({
    netns: traffic.netns,
    device: 'lo',
    filter: 'tcp port 4140',
    file: join(dir, 'inside.pcap'),
  });
  const before = [await readCounters(traffic), await readCounters(outsider)] as const;
  await sleep(CAPTURE_MS);
  const after = [await readCounters(traffic), await readCounters(outsider)] as const;
  const [captured, handed] = [await wire.stop(), await inside.stop()];
  const [meshed, plain] = [subtractCounters(after[0], before[0]), subtractCounters(after[1], before[1])];
  const between = (ip: string) => captured.filter((stream) => isBetween(stream, ip, web.ip));

  const found = between(outsider.ip).filter(({ source }) => source.startsWith(`${outsider.ip}:`));
  const clearOnWire = countText(found, PLAIN_MARKER);
  report.prove({
    title: 'an unmeshed client is still served, and its marker is readable on the wire',
    holds: clearOnWire > 0 && plain.ok > 0 && plain.failed === 0 && plain.lastClientId === null,
    figures: [
      `"${PLAIN_MARKER}" found ${clearOnWire} times between outsider (${outsider.ip}) and web (${web.ip})`,
      `meanwhile outsider had ${plain.ok} answers and ${plain.failed} failures; web saw its identity as ${plain.lastClientId ?? 'none'}`,
    ],
  });

  const own = findConnection(captured, known, web.ip);
  const clearInside = countText(handed, MESHED_MARKER);
  const encrypted = between(traffic.ip);
  const leaked = [MESHED_MARKER, HEADER].map((text) => countText(encrypted, text));
  report.prove({
    title: 'the marker that the meshed client sends in clear is not readable between the proxies',
    holds:
      own !== undefined &&
      leaked.every((count) => count === 0) &&
      clearInside > 0 &&
      meshed.ok > 0 &&
      meshed.failed === 0,
    figures: [
      own === undefined
        ? `no connection between the proxies was captured; the kernel knew of ${JSON.stringify(known)}`
        : describeConnection(own),
      `"${MESHED_MARKER}" found ${leaked[0]} times and "${HEADER}" ${leaked[1]} times between traffic (${traffic.ip}) and web (${web.ip})`,
      `"${MESHED_MARKER}" found ${clearInside} times inside of traffic's pod, on the way to its own proxy`,
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
  known: readonly { readonly local: string; readonly peer: string }[],
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
