import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiRefusal, type ApiRequest, buildStatus, sendJson } from './api-request.ts';

/** An answer in place of the right one. */
export interface FaultyAnswer {
  readonly status: number;
  /** For how many requests. @default 1 */
  readonly times?: number;
  /** Which requests. @default all of them */
  readonly when?: (request: ApiRequest) => boolean;
  readonly retryAfterSeconds?: number;
  /** @default an object of the kind Status */
  readonly body?: string;
  readonly contentType?: string;
  /** Break the connection in place of an answer. */
  readonly isCut?: boolean;
}

export interface Faults {
  /** How long every request waits for its answer. */
  delayMs: number;
  /** Answers coming requests wrongly; faults are used up in the order they were given. */
  answer(fault: FaultyAnswer): void;
  /** Ends all faults. */
  clear(): void;
  /** Whether the request was answered. */
  apply(request: ApiRequest, response: ServerResponse): Promise<boolean>;
}

export function createFaults(): Faults {
  let waiting: { readonly fault: FaultyAnswer; left: number }[] = [];
  const faults: Faults = {
    delayMs: 0,
    answer(fault) {
      waiting.push({ fault, left: fault.times ?? 1 });
    },
    clear() {
      waiting = [];
      faults.delayMs = 0;
    },
    async apply(request, response) {
      if (faults.delayMs > 0) await sleep(faults.delayMs);
      const found = waiting.find(({ fault }) => fault.when?.(request) ?? true);
      if (found === undefined) return false;
      found.left -= 1;
      if (found.left <= 0) waiting = waiting.filter((entry) => entry !== found);
      send(found.fault, response);
      return true;
    },
  };
  return faults;
}

function send(fault: FaultyAnswer, response: ServerResponse): void {
  const { status, retryAfterSeconds, body, contentType = 'text/plain' } = fault;
  if (fault.isCut) {
    response.destroy();
    return;
  }
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
  if (body === undefined) {
    const reason = status === 410 ? 'Expired' : status === 429 ? 'TooManyRequests' : 'InternalError';
    sendJson(response, status, buildStatus(new ApiRefusal(status, reason, `a fault that answers ${status}`)));
  } else {
    response.writeHead(status, { 'content-type': contentType }).end(body);
  }
}
