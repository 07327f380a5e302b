import { gzipSync } from 'node:zlib';
import { PROXY_ERROR } from '../errors.ts';
import { answerError } from '../http/answer-error.ts';
import type { RequestHandler, RequestSink, ServerResponse } from '../http/exchange.ts';
import { Field } from '../http/field.ts';
import { fieldValue, type RequestHead, ResponseHead, UNKNOWN_LENGTH, VERSION } from '../http/head.ts';
import type { ClientInfo } from '../inbound/authorize.ts';
import type { InboundPort } from '../inbound/ports.ts';
import type { SocketAddress } from '../transport/address.ts';
import { type AdminFamilies, type CountResponse, countAdminRequest } from './admin-series.ts';
import { admitRequest } from './admission.ts';
import { type AdminAnswer, type AdminState, answerAdmin } from './routes.ts';
import { SlicedBody } from './sliced-body.ts';

const MAX_BODY_BYTES = 65_536;
/** Less is not worth the work of compressing it. */
const MIN_GZIP_LENGTH = 1024;

/** What decides who may ask, the policy that the admin port has, and where it is counted. */
export interface AdminGuard {
  readonly port: Pick<InboundPort, 'policy'>;
  readonly families: AdminFamilies;
  /** Where the admin server listens. */
  readonly target: SocketAddress;
}

export interface AdminConnection {
  readonly state: AdminState;
  readonly client: ClientInfo;
  /** Undefined until policies are known: everybody may ask. */
  readonly guard: () => AdminGuard | undefined;
}

/** Answers the requests of one connection to the admin server. */
export class AdminHandler implements RequestHandler {
  readonly #connection: AdminConnection;

  constructor(connection: AdminConnection) {
    this.#connection = connection;
  }

  handleRequest(head: RequestHead, end: boolean, response: ServerResponse): RequestSink {
    const guard = this.#connection.guard();
    if (guard === undefined) return this.#call(head, end, { response, count: () => {} });
    const { client } = this.#connection;
    const { families, target } = guard;
    const { policy } = guard.port;
    const admission = admitRequest(policy, head, client);
    const count = countAdminRequest({ families, target, policy, client }, admission);
    if (admission.kind === 'admitted') return this.#call(head, end, { response, count });
    const refusal = admission.kind === 'denied' ? PROXY_ERROR.unauthorized : PROXY_ERROR.noRouteInbound;
    const emit = client.identity !== undefined;
    return answerError(refusal, { head, response, emit, counter: families.inboundHttpErrors });
  }

  #call(head: RequestHead, end: boolean, answer: CountedResponse): AdminCall {
    const call = new AdminCall(head, answer, this.#connection);
    if (end) call.finish();
    return call;
  }
}

interface CountedResponse {
  readonly response: ServerResponse;
  readonly count: CountResponse;
}

/** One admin request: collects its small body, then answers. */
class AdminCall implements RequestSink {
  readonly #head: RequestHead;
  readonly #response: ServerResponse;
  readonly #count: CountResponse;
  readonly #connection: AdminConnection;
  #body = '';
  #sliced: SlicedBody | undefined;

  constructor(head: RequestHead, { response, count }: CountedResponse, connection: AdminConnection) {
    this.#head = head;
    this.#response = response;
    this.#count = count;
    this.#connection = connection;
  }

  requestData(chunk: Buffer, end: boolean): void {
    if (this.#body.length < MAX_BODY_BYTES) this.#body += chunk.toString('latin1');
    this.#response.requestCredit(chunk.length);
    if (end) this.finish();
  }

  requestTrailers(): void {
    this.finish();
  }

  requestCancelled(): void {
    this.#sliced?.cancel();
  }

  responseCredit(bytes: number): void {
    this.#sliced?.credit(bytes);
  }

  finish(): void {
    const { method, path, fields } = this.#head;
    const { state, client } = this.#connection;
    const accept = fieldValue(fields, 'accept') ?? '';
    const answer = answerAdmin({ method, path, clientIp: client.ip, accept, body: this.#body }, state);
    if (answer.slices === undefined) this.#answer(answer);
    else this.#answerSliced(answer, answer.slices);
  }

  #answer(answer: AdminAnswer): void {
    const gzip = answer.body.length >= MIN_GZIP_LENGTH && this.#takesGzip();
    const bytes = gzip ? gzipSync(answer.body) : Buffer.from(answer.body);
    const length = answer.status === 204 ? [] : [new Field('content-length', String(bytes.length))];
    const isEmpty = bytes.length === 0 || this.#head.method === 'HEAD';
    this.#begin(answer, {
      fields: [...fieldsOf(answer, gzip), ...length],
      bodyLength: bytes.length,
      end: isEmpty,
    });
    if (!isEmpty) this.#response.responseData(bytes, true);
  }

  #answerSliced(answer: AdminAnswer, slices: Iterable<string>): void {
    const gzip = this.#takesGzip();
    const isHead = this.#head.method === 'HEAD';
    this.#begin(answer, { fields: fieldsOf(answer, gzip), bodyLength: UNKNOWN_LENGTH, end: isHead });
    if (isHead) return;
    this.#sliced = new SlicedBody(slices, this.#response, { gzip });
    this.#sliced.start();
  }

  #begin(
    { status }: AdminAnswer,
    of: { readonly fields: readonly Field[]; readonly bodyLength: number; readonly end: boolean },
  ): void {
    const { fields, bodyLength, end } = of;
    const head = new ResponseHead({ status, version: VERSION.http11, fields, bodyLength, repeated: false });
    this.#count(status);
    this.#response.responseHead(head, end);
  }

  #takesGzip(): boolean {
    return acceptsGzip(fieldValue(this.#head.fields, 'accept-encoding') ?? '');
  }
}

function fieldsOf(answer: AdminAnswer, gzip: boolean): Field[] {
  const fields = Object.entries(answer.headers ?? {}).map(([name, value]) => new Field(name, value));
  return gzip ? [...fields, new Field('content-encoding', 'gzip')] : fields;
}

/** Whether an `accept-encoding` names gzip, and not only to refuse it (RFC 9110 section 12.5.3). */
export function acceptsGzip(accepted: string): boolean {
  return accepted
    .toLowerCase()
    .split(',')
    .some((coding) => /^\s*(x-)?gzip\s*(;\s*q\s*=\s*(?!0(\.0*)?\s*$).*)?$/.test(coding));
}
