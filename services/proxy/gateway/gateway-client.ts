import { buildErrorHead, PROXY_ERROR, type ProxyError } from '../errors.ts';
import type { HttpClient, RequestSink, ResponseSink, ServerResponse } from '../http/exchange.ts';
import { isGrpcRequest } from '../http/grpc.ts';
import { type RequestHead, VERSION } from '../http/head.ts';
import { PassingExchange } from '../http/passing-exchange.ts';
import { WaitingRequest } from '../http/waiting-request.ts';
import type { InboundConnection } from '../inbound/http-handler.ts';
import { targetLabels } from '../metrics/labels.ts';
import type { Target } from '../outbound/discovery/target.ts';
import type { OutboundContext } from '../outbound/dispatch-context.ts';
import { OutboundHandler } from '../outbound/outbound-handler.ts';
import type { SocketAddress } from '../transport/address.ts';
import { createForwarded, isForwardedBy } from './forwarded.ts';

export interface GatewayClientOptions {
  /** Undefined where the name has none of the gateway's suffixes. */
  readonly target: Target | undefined;
  readonly name: SocketAddress;
  readonly context: OutboundContext;
  readonly localName: string;
  readonly connection: InboundConnection;
}

const DEFAULT_PORT = 80;

/** What stands in the app's place on a connection to a gateway: requests go on to where the name leads. */
export class GatewayClient implements HttpClient {
  readonly #options: GatewayClientOptions;
  readonly #authority: string;
  readonly #clientId: string;

  constructor(options: GatewayClientOptions) {
    const { name, connection } = options;
    this.#options = options;
    this.#authority = name.port === DEFAULT_PORT ? name.host : `${name.host}:${name.port}`;
    this.#clientId = connection.client.identity ?? '';
  }

  request(head: RequestHead, end: boolean, response: ResponseSink): RequestSink {
    const { target, localName } = this.#options;
    if (target === undefined) return this.#fail(PROXY_ERROR.gatewayDomain, head, response);
    if (this.#clientId === localName || isForwardedBy(head, localName))
      return this.#fail(PROXY_ERROR.gatewayLoop, head, response);
    if (target.isKnown) return this.#send(target, head, { end, response });
    const waiting = new WaitingRequest(end);
    target.whenKnown(() => waiting.start((ended) => this.#send(target, head, { end: ended, response })));
    return waiting;
  }

  /** Opaque connections go another way. */
  connect(): never {
    throw new Error('a gateway has no app to connect to');
  }

  #send(
    target: Target,
    head: RequestHead,
    { end, response }: { readonly end: boolean; readonly response: ResponseSink },
  ): RequestSink {
    if (target.error !== undefined) {
      const error = target.errorKind === 'failfast' ? PROXY_ERROR.failFast : PROXY_ERROR.unexpected;
      return this.#fail(error, head, response);
    }
    if (!target.hasProfile) return this.#fail(PROXY_ERROR.gatewayDomain, head, response);
    const version = head.version === VERSION.http2 ? 'http2' : 'http1';
    const handler = new OutboundHandler(target, version, this.#options.context);
    return handler.handleRequest(this.#prepare(head), end, new GatewayResponse(response));
  }

  /** Remembered on a head that comes again, so that the router remembers its decision on the result. */
  #prepare(head: RequestHead): RequestHead {
    if (head.memoOwner === this) return head.memo as RequestHead;
    const { localName } = this.#options;
    const isHttp2 = head.version === VERSION.http2;
    const forwarded = createForwarded({ by: localName, for: this.#clientId, host: this.#authority });
    const prepared = head.with({
      fields: [...head.fields, forwarded],
      // The sender's proxy has rewritten that of HTTP/2 already.
      ...(!isHttp2 && { authority: this.#authority }),
    });
    if (head.repeated) {
      head.memoOwner = this;
      head.memo = prepared;
    }
    return prepared;
  }

  #fail(error: ProxyError, head: RequestHead, response: ResponseSink): RequestSink {
    const { families } = this.#options.context;
    families.inboundHttpErrors
      .with({ error: error.metric ?? '', ...targetLabels(this.#options.connection.target) })
      .inc();
    response.responseHead(buildErrorHead(error, { isGrpc: isGrpcRequest(head), emit: true }), true);
    return {
      requestData: (chunk) => response.requestCredit(chunk.length),
      requestTrailers() {},
      requestCancelled() {},
      responseCredit() {},
    };
  }
}

/** The connection of a peer's proxy carries the requests of many clients: no answer to one ends it. */
class GatewayResponse extends PassingExchange<ResponseSink> implements ServerResponse {
  closeAfter(): void {}
}
