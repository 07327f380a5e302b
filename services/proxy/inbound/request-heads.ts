import { HEADER } from '../contract.ts';
import { Field } from '../http/field.ts';
import { fieldValue, type RequestHead, ResponseHead, VERSION, type Version } from '../http/head.ts';

/** What no client may set: the first is ours to say, the second was for this proxy. */
const STRIPPED: ReadonlySet<string> = new Set([HEADER.clientId, HEADER.origProto]);

/**
 * The head as the app gets it: HTTP/1 again where the peer's proxy had upgraded it, with the client's identity where
 * it proved one. Source: facts sheet proxy-wire, sections 6.2 and 7.
 */
export function prepareForApp(head: RequestHead, clientId: Field | undefined): RequestHead {
  const original = head.version === VERSION.http2 ? fieldValue(head.fields, HEADER.origProto) : undefined;
  const fields = head.fields.filter((field) => !STRIPPED.has(field.name));
  if (clientId !== undefined) fields.push(clientId);
  if (original === undefined) return head.with({ fields });
  return head.with({
    scheme: 'http',
    version: originalVersion(original),
    fields,
    // The form follows the version: `HTTP/1.1; absolute-form`.
    absoluteForm: original.slice(10) === 'absolute-form',
  });
}

function originalVersion(origProto: string): Version {
  return origProto.startsWith('HTTP/1.0') ? VERSION.http10 : VERSION.http11;
}

/** The request was HTTP/1 before the peer's proxy upgraded it. */
export function isUpgraded(head: RequestHead): boolean {
  return head.version === VERSION.http2 && fieldValue(head.fields, HEADER.origProto) !== undefined;
}

const HTTP11 = new Field(HEADER.origProto, 'HTTP/1.1');
const HTTP10 = new Field(HEADER.origProto, 'HTTP/1.0');
HTTP11.sightings = 1;
HTTP10.sightings = 1;

const ANNOUNCED = Symbol('announced');

/** The head as the peer's proxy gets it: it says which HTTP/1 version the app spoke. Remembered on repeated heads. */
export function announceVersion(head: ResponseHead): ResponseHead {
  if (head.memoOwner === ANNOUNCED) return head.memo as ResponseHead;
  const announced = new ResponseHead({
    status: head.status,
    version: head.version,
    fields: [...head.fields, head.version === VERSION.http10 ? HTTP10 : HTTP11],
    bodyLength: head.bodyLength,
    repeated: head.repeated,
  });
  head.memoOwner = ANNOUNCED;
  head.memo = announced;
  return announced;
}
