/** Why a message is not taken; `status` is what a server answers before it closes the connection. */
export class Refusal {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string) {
    this.status = status;
    this.reason = reason;
  }
}

const bad = (reason: string) => new Refusal(400, reason);

/** Every refusal there is: compared by identity, made once. */
export const REFUSAL = {
  bareLineFeed: bad('a line ends in LF without CR'),
  notHttp: bad('the message does not start with a token'),
  emptyLines: bad('too many empty lines before the request line'),
  requestLine: bad('malformed request line'),
  version: bad('HTTP version is neither 1.0 nor 1.1'),
  target: bad('malformed request target'),
  targetForm: bad('request target form does not fit the method'),
  statusLine: bad('malformed status line'),
  fieldName: bad('malformed field name'),
  fieldValue: bad('control character in a field value'),
  folded: bad('folded field line'),
  contentLength: bad('malformed content-length'),
  contentLengths: bad('content-length values differ'),
  lengthAndEncoding: bad('content-length beside transfer-encoding'),
  transferEncoding: bad('transfer-encoding is not exactly chunked'),
  encodingVersion: bad('transfer-encoding in an HTTP/1.0 message'),
  hosts: bad('more than one host field'),
  host: bad('malformed host'),
  connectBody: bad('CONNECT with a body'),
  chunk: bad('malformed chunk'),
  trailers: bad('malformed trailers'),
  chunkExtensions: bad('chunk extensions too long'),
  trailersTooLong: new Refusal(431, 'trailers too long'),
  headTooLong: new Refusal(431, 'head too long'),
  headTooSlow: new Refusal(408, 'the head did not come whole in time'),
  tooManyFields: new Refusal(431, 'too many fields'),
} as const;
