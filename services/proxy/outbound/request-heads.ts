import { HEADER } from '../contract.ts';
import { Field } from '../http/field.ts';
import { fieldValue, type RequestHead, ResponseHead, VERSION } from '../http/head.ts';

/** Request headers that only this proxy reads. */
const STRIPPED_FROM_REQUESTS: ReadonlySet<string> = new Set([HEADER.requireId, HEADER.origProto]);
/** What a peer's proxy says to this one, not to the app. */
const STRIPPED_FROM_RESPONSES: ReadonlySet<string> = new Set([
  HEADER.origProto,
  HEADER.proxyError,
  HEADER.proxyConnection,
  HEADER.unprocessed,
]);

const ORIG_PROTO = {
  http11: new Field(HEADER.origProto, 'HTTP/1.1'),
  http11Absolute: new Field(HEADER.origProto, 'HTTP/1.1; absolute-form'),
  http10: new Field(HEADER.origProto, 'HTTP/1.0'),
  http10Absolute: new Field(HEADER.origProto, 'HTTP/1.0; absolute-form'),
};
// They go with every upgraded request: worth a place in the dynamic table from the first on.
for (const field of Object.values(ORIG_PROTO)) field.sightings = 1;

/** The identity that `l5d-require-id` names; undefined where the app takes any. */
export function requiredIdOf(head: RequestHead): string | undefined {
  return fieldValue(head.fields, HEADER.requireId);
}

/** The head as it goes to the endpoint: without what only this proxy reads. The same object if nothing changes. */
export function prepareRequest(head: RequestHead): RequestHead {
  const { fields } = head;
  if (!fields.some((field) => STRIPPED_FROM_REQUESTS.has(field.name))) return head;
  return head.with({ fields: fields.filter((field) => !STRIPPED_FROM_REQUESTS.has(field.name)) });
}

/** An HTTP/1 head as HTTP/2 carries it between two proxies. Source: facts sheet proxy-wire, section 6.1. */
export function upgradeRequest(head: RequestHead): RequestHead {
  const isOld = head.version === VERSION.http10;
  const origProto = head.absoluteForm
    ? isOld
      ? ORIG_PROTO.http10Absolute
      : ORIG_PROTO.http11Absolute
    : isOld
      ? ORIG_PROTO.http10
      : ORIG_PROTO.http11;
  return head.with({ fields: [...head.fields, origProto] });
}

/** The head as a gateway in another cluster gets it, which knows the destination by another name. */
export function overrideAuthority(head: RequestHead, authority: string): RequestHead {
  const fields = head.fields.filter((field) => field.name !== HEADER.dstCanonical);
  return head.with({ fields, authority });
}

/** Marks the memo of response heads as ours. */
const CLEANED = Symbol('cleaned');

/** The head as the app gets it: without what the peer's proxy said to this one. Remembered on a repeated head. */
export function cleanResponse(head: ResponseHead): ResponseHead {
  if (head.memoOwner === CLEANED) return head.memo as ResponseHead;
  const cleaned = head.fields.some((field) => STRIPPED_FROM_RESPONSES.has(field.name))
    ? new ResponseHead({
        status: head.status,
        version: head.version,
        fields: head.fields.filter((field) => !STRIPPED_FROM_RESPONSES.has(field.name)),
        bodyLength: head.bodyLength,
        upgrade: head.upgrade,
        repeated: head.repeated,
      })
    : head;
  head.memoOwner = CLEANED;
  head.memo = cleaned;
  return cleaned;
}
