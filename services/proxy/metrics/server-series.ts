import type { Registry } from '#lib/telemetry';
import type { AccessLog } from '../http/access-log/access-log.ts';
import type { HttpServer } from '../http/http-server.ts';

/**
 * Registers what the HTTP servers of one direction refused, by reason: every limit of the codecs has its count here.
 * The codecs count in plain numbers; they are read when metrics are asked for.
 */
export function registerServerCounters(
  registry: Registry,
  direction: 'inbound' | 'outbound',
  server: HttpServer,
): void {
  const family = registry
    .counter(
      'http_server_refusals',
      'Messages, streams and connections that an HTTP server refused or ended for what its client did',
    )
    .keepForever();
  registry.onCollect(() => {
    const { counters } = server.h1;
    const { h2Counters } = server;
    const counts: readonly (readonly [version: string, reason: string, count: number])[] = [
      ['http/1', 'malformed', counters.malformed],
      ['http/1', 'too_large', counters.tooLarge],
      ['http/1', 'unfinished', counters.unfinished],
      ['http/2', 'malformed', h2Counters.malformedMessages],
      ['http/2', 'too_large', h2Counters.headerListsTooLarge],
      ['http/2', 'too_many_streams', h2Counters.refusedStreams],
      ['http/2', 'connection_error', h2Counters.connectionErrors],
      ['http/2', 'flood', h2Counters.floods],
      ['http/2', 'unfinished', h2Counters.unfinished],
      ['http/2', 'slow_reader', h2Counters.slowReaders],
      ['http/2', 'keep_alive_timeout', h2Counters.keepAliveTimeouts],
    ];
    for (const [version, reason, count] of counts) family.with({ direction, version, reason }).value = count;
  });
}

/** Registers how many lines the access log has dropped because its reader was too slow. */
export function registerAccessLog(registry: Registry, accessLog: AccessLog): void {
  const dropped = registry
    .counter(
      'access_log_dropped_lines',
      'Lines of the access log that were dropped: standard error was read too slowly',
    )
    .keepForever()
    .with({});
  registry.onCollect(() => {
    dropped.value = accessLog.droppedLines;
  });
}
