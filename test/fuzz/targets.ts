import { CLIENT_HELLO, TRANSPORT_HEADER } from './parsers/first-bytes.ts';
import { HPACK } from './parsers/hpack.ts';
import { HTTP1 } from './parsers/http1.ts';
import { HTTP2 } from './parsers/http2.ts';
import { PROTOBUF } from './parsers/protobuf.ts';
import type { Target } from './target.ts';

/** Every parser of the proxy that reads what others send. */
export const TARGETS: readonly Target[] = [
  CLIENT_HELLO,
  TRANSPORT_HEADER,
  ...HTTP1,
  ...HTTP2,
  ...HPACK,
  ...PROTOBUF,
];
