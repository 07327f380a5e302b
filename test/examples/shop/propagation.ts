/**
 * Headers that belong to a request on its whole way through the shop: every service hands them on as they came,
 * so that a trace, a request id or the marker of a capture can be followed from end to end.
 */
export const MARKER_HEADER = 'x-shop-marker';
const PROPAGATED_HEADERS = ['traceparent', 'tracestate', 'x-request-id', MARKER_HEADER] as const;

/** What the mesh tells a service about its caller: the identity of the client, absent when it has none. */
export const CLIENT_ID_HEADER = 'l5d-client-id';

export type Propagated = Readonly<Record<string, string>>;

/** Picks the propagated headers out of `read`, which answers the value of one header or undefined. */
export function pickPropagated(read: (name: string) => string | undefined): Propagated {
  const picked: Record<string, string> = {};
  for (const name of PROPAGATED_HEADERS) {
    const value = read(name);
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}

/** How many different markers one service prints; traffic repeats one, so that more are noise. */
const PRINTED_MARKERS_MAX = 100;

/** Prints each marker the first time this service sees it. */
export function createMarkerPrinter(service: string): (headers: Propagated) => void {
  const printed = new Set<string>();
  return (headers) => {
    const marker = headers[MARKER_HEADER];
    if (marker === undefined || printed.has(marker) || printed.size >= PRINTED_MARKERS_MAX) return;
    printed.add(marker);
    process.stdout.write(`${service}: request with ${MARKER_HEADER}: ${marker}\n`);
  };
}
