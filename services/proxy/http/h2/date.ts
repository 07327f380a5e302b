import type { Clock } from '#lib/base';
import { Field } from '../field.ts';

let second = -1;
let field = new Field('date', '');

/** The `date` field of now; one object a second, for all connections. */
export function dateField(clock: Clock): Field {
  const now = Math.floor(clock.now() / 1000);
  if (now !== second) {
    second = now;
    field = new Field('date', new Date(now * 1000).toUTCString());
  }
  return field;
}
