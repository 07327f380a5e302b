import type { Random } from '#lib/base';
import { mutate, REQUESTS, RESPONSES, type ReadMessage, read } from './fuzz-cases.testing.ts';

/** Node's own HTTP/1 parser (llhttp), as far as it is compared with ours. */
interface NodeParser {
  initialize(type: number, resource: object): void;
  execute(bytes: Buffer): number | (Error & { readonly code?: string });
  [callback: number]: unknown;
}
interface NodeParserClass {
  new (): NodeParser;
  readonly REQUEST: number;
  readonly RESPONSE: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

const { HTTPParser, methods } = (
  process as unknown as {
    getBuiltinModule(id: string): { HTTPParser: NodeParserClass; methods: readonly string[] };
  }
).getBuiltinModule('_http_common');

interface Reading {
  readonly messages: { start: string; body: string; isWhole: boolean }[];
  /** `HPE_…`, or empty. */
  readonly error: string;
}

function readWithNode(isRequest: boolean, bytes: Buffer): Reading {
  const messages: Reading['messages'] = [];
  const parser = new HTTPParser();
  parser.initialize(isRequest ? HTTPParser.REQUEST : HTTPParser.RESPONSE, {});
  parser[HTTPParser.kOnHeadersComplete] = (...head: unknown[]) => {
    const [, , , method, url, status] = head;
    const start = isRequest ? `${methods[method as number]} ${url}` : String(status);
    messages.push({ start, body: '', isWhole: false });
    return 0;
  };
  parser[HTTPParser.kOnBody] = (part: Buffer) => {
    messages.at(-1)!.body += part.toString('latin1');
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    messages.at(-1)!.isWhole = true;
  };
  const outcome = parser.execute(bytes);
  return { messages, error: typeof outcome === 'number' ? '' : (outcome.code ?? 'unknown') };
}

/**
 * What Node refuses and we take, because the RFCs allow it or we drop it: methods it does not know, equal
 * content-lengths (RFC 9110 section 8.6), obs-text in targets, what follows a last message, and framing fields among
 * trailers, which do not go on. So with chunk extensions that do not keep to their grammar (HPE_STRICT).
 */
const STRICTER_NODE: ReadonlySet<string> = new Set([
  'HPE_INVALID_METHOD',
  'HPE_INVALID_URL',
  'HPE_UNEXPECTED_CONTENT_LENGTH',
  'HPE_CLOSED_CONNECTION',
  'HPE_PAUSED_UPGRADE',
  'HPE_INVALID_CONTENT_LENGTH',
  'HPE_INVALID_TRANSFER_ENCODING',
]);

/** Node does not take the tab for the blank that it is (RFC 9110 section 5.6.3), and finds no chunks. */
const TAB_BEHIND_CHUNKED = /chunked *\t/i;

/** How one case went: what both took alike, and what only one of them took. */
export type Comparison = 'alike' | 'refused by us' | 'refused by Node';

/** Throws where ours and Node's parser take a message differently, or only ours takes it and should not. */
export function runDifferentialCase(isRequest: boolean, random: Random): Comparison {
  const bytes = mutate(isRequest ? REQUESTS : RESPONSES, random);
  const ours = read(isRequest, [bytes]);
  const text = bytes.toString('latin1');
  if (TAB_BEHIND_CHUNKED.test(text)) return 'refused by Node';
  const theirs = readWithNode(isRequest, bytes);
  for (const [index, message] of ours.messages.entries()) {
    if (!message.isWhole) break;
    const problem = compare(message, theirs, { index, text });
    if (problem !== undefined) throw new Error(`${JSON.stringify(text)}: ${problem}`);
    if (theirs.messages[index]?.isWhole !== true) return 'refused by Node';
  }
  return ours.refusal === undefined ? 'alike' : 'refused by us';
}

/** How a message that we have taken whole stands against Node's reading; undefined where nothing is wrong. */
function compare(
  message: ReadMessage,
  theirs: Reading,
  { index, text }: { readonly index: number; readonly text: string },
): string | undefined {
  const other = theirs.messages[index];
  const ours = JSON.stringify(message);
  if (other?.isWhole === true) {
    const isSame = message.start === other.start && message.body === other.body;
    return isSame ? undefined : `ours ${ours}, Node's ${JSON.stringify(other)}`;
  }
  const isExtension = theirs.error === 'HPE_STRICT' && text.includes(';');
  return isExtension || STRICTER_NODE.has(theirs.error)
    ? undefined
    : `ours ${ours}, but Node says "${theirs.error}"`;
}
