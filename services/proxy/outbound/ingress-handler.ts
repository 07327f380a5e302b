import { isIP } from 'node:net';
import { HEADER } from '../contract.ts';
import { PROXY_ERROR, type ProxyError } from '../errors.ts';
import { answerError } from '../http/answer-error.ts';
import type { RequestHandler, RequestSink, ServerResponse } from '../http/exchange.ts';
import { fieldValue, type RequestHead } from '../http/head.ts';
import { WaitingRequest } from '../http/waiting-request.ts';
import { parseSocketAddress, type SocketAddress } from '../transport/address.ts';
import type { Target } from './discovery/target.ts';
import type { TargetCache } from './discovery/target-cache.ts';
import type { OutboundContext } from './dispatch-context.ts';
import { OutboundHandler } from './outbound-handler.ts';

export interface IngressHandlerOptions {
  readonly targets: Pick<TargetCache, 'acquire' | 'release'>;
  readonly context: OutboundContext;
  readonly version: 'http1' | 'http2';
  /** Where the app meant to go: for requests that say nothing else. */
  readonly destination: SocketAddress;
}

interface IngressTarget {
  readonly target: Target;
  readonly handler: OutboundHandler;
  /** Requests that go there by name need somebody to know the name. */
  readonly isName: boolean;
  /** False when it has been given back. */
  isHeld: boolean;
}

/** What is kept for a request head that comes again. */
interface IngressPlan {
  readonly to: IngressTarget;
  readonly head: RequestHead;
}

/** Of one connection; the one that was held longest is given back for a further one. */
const MAX_TARGETS = 64;
const DEFAULT_PORT = 80;

/**
 * Sends every request of an ingress where its `l5d-dst-override` says, and those that have none where they were going.
 * Source: facts sheet proxy-wire, sections 7 and 14.
 */
export class IngressHandler implements RequestHandler {
  readonly #options: IngressHandlerOptions;
  readonly #held = new Map<string, IngressTarget>();
  #isClosed = false;

  constructor(options: IngressHandlerOptions) {
    this.#options = options;
  }

  handleRequest(head: RequestHead, end: boolean, response: ServerResponse): RequestSink {
    const plan = this.#recall(head) ?? this.#plan(head);
    if (plan === undefined) {
      const override = fieldValue(head.fields, HEADER.dstOverride);
      this.#options.context.log.warn('Invalid l5d-dst-override header', { value: override });
      return this.#fail(PROXY_ERROR.unexpected, head, response);
    }
    if (plan.to.target.isKnown) return this.#send(plan, end, response);
    if (plan.to.target.waitingCount >= this.#options.context.config.queueCapacity)
      return this.#fail(PROXY_ERROR.loadShed, head, response);
    const waiting = new WaitingRequest(end);
    plan.to.target.whenKnown(() => waiting.start((ended) => this.#send(plan, ended, response)));
    return waiting;
  }

  #recall(head: RequestHead): IngressPlan | undefined {
    if (head.memoOwner !== this) return undefined;
    const plan = head.memo as IngressPlan;
    return plan.to.isHeld ? plan : undefined;
  }

  #plan(head: RequestHead): IngressPlan | undefined {
    const override = fieldValue(head.fields, HEADER.dstOverride);
    const address = override === undefined ? this.#options.destination : parseOverride(override);
    if (address === undefined) return undefined;
    const to = this.#hold(override ?? '', address);
    const plan = { to, head: override === undefined ? head : stripOverride(head) };
    // A head of its own keeps what the router decides; one that goes on as it is belongs to the router.
    if (head.repeated && plan.head !== head && to.target.isKnown) {
      head.memoOwner = this;
      head.memo = plan;
    }
    return plan;
  }

  #hold(key: string, address: SocketAddress): IngressTarget {
    const held = this.#held.get(key);
    if (held !== undefined) return held;
    this.#giveOneBack();
    const { targets, version, context } = this.#options;
    const target = targets.acquire(address);
    const to: IngressTarget = {
      target,
      handler: new OutboundHandler(target, version, context),
      isName: isIP(address.host) === 0,
      isHeld: true,
    };
    this.#held.set(key, to);
    return to;
  }

  #giveOneBack(): void {
    if (this.#held.size < MAX_TARGETS) return;
    for (const [key, to] of this.#held) {
      // Requests wait for those that are not known yet.
      if (!to.target.isKnown) continue;
      to.isHeld = false;
      this.#held.delete(key);
      this.#options.targets.release(to.target);
      return;
    }
  }

  #send({ to, head }: IngressPlan, end: boolean, response: ServerResponse): RequestSink {
    const { target, handler, isName } = to;
    const problem = target.error ?? (isName && target.isUnknown ? 'no profile and no policy' : undefined);
    if (problem === undefined) return handler.handleRequest(head, end, response);
    const { host, port } = target.address;
    this.#options.context.log.warn('Request refused', { target: `${host}:${port}`, error: problem });
    return this.#fail(PROXY_ERROR.unexpected, head, response);
  }

  #fail(error: ProxyError, head: RequestHead, response: ServerResponse): RequestSink {
    const { informationalHeaders: emit, families } = this.#options.context;
    return answerError(error, { head, response, emit, counter: families.outboundHttpErrors });
  }

  /** The connection is over. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { target } of this.#held.values()) this.#options.targets.release(target);
    this.#held.clear();
  }
}

/** `name:port`, `ip:port`, or without a port; undefined for anything else. */
function parseOverride(text: string): SocketAddress | undefined {
  const value = text.trim();
  if (isIP(value) !== 0) return { host: value, port: DEFAULT_PORT };
  const address = parseSocketAddress(value);
  if (address !== undefined) return address.port === 0 ? undefined : address;
  const match = /^([a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)\.?(?::(\d{1,5}))?$/i.exec(value);
  const port = Number(match?.[2] ?? DEFAULT_PORT);
  if (match === null || port < 1 || port > 65_535 || /^[\d.]+$/.test(match[1] ?? '')) return undefined;
  return { host: (match[1] ?? '').toLowerCase(), port };
}

function stripOverride(head: RequestHead): RequestHead {
  return head.with({ fields: head.fields.filter((field) => field.name !== HEADER.dstOverride) });
}
