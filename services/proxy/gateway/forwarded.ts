import { Field } from '../http/field.ts';
import type { RequestHead } from '../http/head.ts';

const NAME = 'forwarded';

/**
 * A gateway of this identity has seen the request: the first `by` of one of its `forwarded` headers says so. Values are
 * split at `;` and `=` alone. Source: facts sheet proxy-wire, section 5.
 */
export function isForwardedBy({ fields }: RequestHead, identity: string): boolean {
  return fields.some(({ name, value }) => name === NAME && readBy(value) === identity);
}

function readBy(value: string): string | undefined {
  for (const part of value.split(';')) {
    const [key = '', text] = part.split('=');
    if (key.trim().toLowerCase() === 'by') return text?.trim();
  }
  return undefined;
}

export interface Forwarding {
  readonly by: string;
  readonly for: string;
  readonly host: string;
}

/** What a gateway adds to a request. */
export function createForwarded(forwarding: Forwarding): Field {
  return new Field(NAME, `by=${forwarding.by};for=${forwarding.for};host=${forwarding.host};proto=https`);
}
