import { type Clock, systemClock } from '#lib/base';
import { Field } from './field.ts';

let second = -1;
let field = new Field('date', '');

/** The `date` field of now (RFC 9110 section 6.6.1); one object a second, for all connections. */
export function dateField(clock: Clock = systemClock): Field {
  const now = Math.floor(clock.now() / 1000);
  if (now !== second) {
    second = now;
    field = new Field('date', new Date(now * 1000).toUTCString());
  }
  return field;
}
