import type { ServerResponse } from 'node:http';
import { type CollectionCall, isSelected, presentObject } from './api-collections.ts';
import type { ApiEvent, ApiObjects } from './api-objects.ts';
import { ApiRefusal, buildStatus } from './api-request.ts';

/** The open watches of a fake API server. */
export interface Watches {
  open(call: CollectionCall, response: ServerResponse): void;
  readonly count: number;
  /** Writes a line of your own to each watch. */
  sendLine(line: string): void;
  sendBookmarks(): void;
  /** Tells each watch that its version is too old, and ends it. */
  expire(): void;
  /** Breaks the connections, after half a line where `midLine` is set. */
  cut(options?: { readonly midLine?: boolean; readonly resource?: string }): void;
  /** Ends each watch properly, as its timeout does. */
  end(): void;
  /** From now on watches stay open and say nothing: the other end is gone and nobody noticed. */
  isDead: boolean;
}

interface OpenWatch {
  readonly call: CollectionCall;
  readonly response: ServerResponse;
  send(event: unknown): void;
  /** Says no more. */
  forget(): void;
}

const EXPIRED = new ApiRefusal(410, 'Expired', 'too old resource version');

export function createWatches(objects: ApiObjects): Watches {
  const open = new Set<OpenWatch>();
  const bookmark = (watch: OpenWatch) =>
    watch.send({ type: 'BOOKMARK', object: buildBookmark(watch, objects) });
  const watches = {
    isDead: false,
    get count() {
      return open.size;
    },
    open(call: CollectionCall, response: ServerResponse) {
      const send = (event: unknown) => {
        if (!watches.isDead) response.write(`${JSON.stringify(event)}\n`);
      };
      const forget = () => {
        open.delete(watch);
        stop();
        clearTimeout(timer);
      };
      const watch: OpenWatch = { call, response, send, forget };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      const since = call.request.query['resourceVersion'] ?? '';
      const stop = objects.subscribe((event) => sendEvent(watch, event));
      const timer = endLater(watch, () => bookmark(watch));
      open.add(watch);
      response.once('close', forget);
      if (Number(since) > 0 && Number(since) < objects.oldestVersion) expire(watch);
      else replay(watch, objects, since);
    },
    sendLine(line: string) {
      for (const { response } of open) response.write(`${line}\n`);
    },
    sendBookmarks() {
      for (const watch of open) bookmark(watch);
    },
    expire() {
      for (const watch of [...open]) expire(watch);
    },
    cut({ midLine = false, resource }: { readonly midLine?: boolean; readonly resource?: string } = {}) {
      for (const { call, response, forget } of [...open]) {
        if (resource !== undefined && call.resource !== resource) continue;
        forget();
        if (!midLine) response.destroy();
        else response.write('{"type":"ADDED","object":{"kind":"Half', () => response.destroy());
      }
    },
    end() {
      for (const { response, forget } of [...open]) {
        forget();
        response.end();
      }
    },
  };
  return watches;
}

/** What happened since a version; without one, everything that there is. */
function replay(watch: OpenWatch, objects: ApiObjects, since: string): void {
  const { call } = watch;
  if (since !== '' && since !== '0') {
    for (const event of objects.eventsSince(Number(since))) sendEvent(watch, event);
    return;
  }
  for (const object of objects.list(call.resource)) {
    if (isSelected(object, call)) watch.send({ type: 'ADDED', object: presentObject(object, call) });
  }
}

function sendEvent(watch: OpenWatch, { resource, type, object }: ApiEvent): void {
  const { call } = watch;
  if (resource !== call.resource || !isSelected(object, call)) return;
  watch.send({ type, object: presentObject(object, call) });
}

function expire({ send, response, forget }: OpenWatch): void {
  send({ type: 'ERROR', object: buildStatus(EXPIRED) });
  forget();
  response.end();
}

function endLater(watch: OpenWatch, sayFarewell: () => void): NodeJS.Timeout | undefined {
  const seconds = Number(watch.call.request.query['timeoutSeconds'] ?? 0);
  if (!(seconds > 0)) return undefined;
  return setTimeout(() => {
    sayFarewell();
    watch.forget();
    watch.response.end();
  }, seconds * 1000);
}

function buildBookmark({ call }: OpenWatch, objects: ApiObjects): unknown {
  const { group, version } = call.target;
  return {
    apiVersion: `${group === '' ? '' : `${group}/`}${version}`,
    kind: call.kind.kind,
    metadata: { resourceVersion: String(objects.version), creationTimestamp: null },
  };
}
