import { type DescMessage, type DescMethod, fromBinary, type MessageShape, toBinary } from '#lib/api';
import { describeError } from '#lib/base';
import {
  H2_ERROR,
  type HttpClient,
  type RequestSink,
  type ResponseSink,
  type StreamFailure,
} from '../http/exchange.ts';
import { Field } from '../http/field.ts';
import { fieldValue, RequestHead, type ResponseHead, VERSION } from '../http/head.ts';
import { frameMessage, MessageReader } from './grpc-messages.ts';
import { type GrpcOutcome, outcomeOfFailure, outcomeOfHttpStatus, readOutcome } from './grpc-outcome.ts';
import { GRPC_STATUS } from './grpc-status.ts';

/** A method that takes one message; it answers with one or with many. */
export type GrpcMethod<I extends DescMessage, O extends DescMessage> = DescMethod & {
  readonly input: I;
  readonly output: O;
};

export interface GrpcCall<I extends DescMessage, O extends DescMessage> {
  readonly method: GrpcMethod<I, O>;
  readonly request: MessageShape<I>;
  /** What `:authority` names. */
  readonly authority: string;
  /** Told to the server as `grpc-timeout`; whoever calls watches the clock itself. */
  readonly timeoutMs?: number;
  onMessage(message: MessageShape<O>): void;
  /** Once, and last; also before `openGrpcStream` returns, where the client refuses the request at once. */
  onEnd(outcome: GrpcOutcome): void;
}

const CONTENT_TYPE = new Field('content-type', 'application/grpc');
const TE = new Field('te', 'trailers');
const USER_AGENT = new Field('user-agent', 'linkerd-proxy');

/** Makes a call. Its messages come as they arrive; nobody holds them back. */
export function openGrpcStream<I extends DescMessage, O extends DescMessage>(
  client: HttpClient,
  call: GrpcCall<I, O>,
): GrpcStream<I, O> {
  return new GrpcStream(client, call);
}

/** One call that runs. */
export class GrpcStream<I extends DescMessage, O extends DescMessage> implements ResponseSink {
  readonly #call: GrpcCall<I, O>;
  readonly #reader = new MessageReader((message) => this.#onMessage(message));
  readonly #request: RequestSink | undefined;
  #isOver = false;

  constructor(client: HttpClient, call: GrpcCall<I, O>) {
    this.#call = call;
    const message = frameMessage(toBinary(call.method.input, call.request));
    const request = client.request(requestHeadOf(call), false, this);
    this.#request = request;
    if (!this.#isOver) request.requestData(message, true);
  }

  /** Gives the call up; neither `onMessage` nor `onEnd` is called any more. */
  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#request?.requestCancelled(H2_ERROR.cancel);
  }

  responseHead(head: ResponseHead, end: boolean): void {
    if (this.#isOver) return;
    const outcome = end ? readOutcome(head.fields) : undefined;
    if (outcome !== undefined) return this.#end(outcome);
    if (head.status !== 200) return this.#giveUp(outcomeOfHttpStatus(head.status), end);
    const type = fieldValue(head.fields, 'content-type') ?? '';
    if (!type.startsWith('application/grpc')) {
      return this.#giveUp(
        { code: GRPC_STATUS.unknown, message: `the answer is of type "${type}", not gRPC` },
        end,
      );
    }
    if (end) this.#end(WITHOUT_STATUS);
  }

  responseData(chunk: Buffer, end: boolean): void {
    if (!this.#isOver) {
      const wrong = this.#reader.push(chunk);
      if (wrong !== undefined)
        this.#giveUp({ code: GRPC_STATUS.internal, message: `the server sent ${wrong}` }, end);
    }
    this.#request?.responseCredit(chunk.length);
    if (end) this.#end(WITHOUT_STATUS);
  }

  responseTrailers(fields: readonly Field[]): void {
    const outcome = readOutcome(fields) ?? WITHOUT_STATUS;
    this.#end(outcome.code === GRPC_STATUS.ok && this.#reader.isInside ? CUT_SHORT : outcome);
  }

  responseFailed(failure: StreamFailure): void {
    this.#end(outcomeOfFailure(failure));
  }

  requestCredit(): void {
    // The one message is sent whole.
  }

  #onMessage(bytes: Buffer): void {
    if (this.#isOver) return;
    let message: MessageShape<O>;
    try {
      message = fromBinary(this.#call.method.output, bytes);
    } catch (error) {
      this.#giveUp(
        { code: GRPC_STATUS.internal, message: `a message cannot be read: ${describeError(error)}` },
        false,
      );
      return;
    }
    this.#call.onMessage(message);
  }

  #giveUp(outcome: GrpcOutcome, ended: boolean): void {
    if (!ended && !this.#isOver) this.#request?.requestCancelled(H2_ERROR.cancel);
    this.#end(outcome);
  }

  #end(outcome: GrpcOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#call.onEnd(outcome);
  }
}

const WITHOUT_STATUS: GrpcOutcome = {
  code: GRPC_STATUS.internal,
  message: 'the answer ended without a gRPC status',
};
const CUT_SHORT: GrpcOutcome = { code: GRPC_STATUS.internal, message: 'the answer ended inside a message' };

function requestHeadOf({
  method,
  authority,
  timeoutMs,
}: Pick<GrpcCall<DescMessage, DescMessage>, 'method' | 'authority' | 'timeoutMs'>): RequestHead {
  const fields = [CONTENT_TYPE, TE, USER_AGENT];
  // At most eight digits (the gRPC protocol over HTTP/2, "Timeout").
  if (timeoutMs !== undefined)
    fields.push(new Field('grpc-timeout', `${Math.min(Math.ceil(timeoutMs), 99_999_999)}m`));
  return new RequestHead({
    method: 'POST',
    scheme: 'http',
    authority,
    path: `/${method.parent.typeName}/${method.name}`,
    version: VERSION.http2,
    fields,
    bodyLength: -1,
    absoluteForm: false,
    upgrade: '',
    repeated: false,
  });
}
