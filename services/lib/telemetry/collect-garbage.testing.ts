import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** A whole collection, after the turn whose weak references keep what they were asked for. */
export async function collectGarbage(): Promise<void> {
  await nextTurn();
  collect();
  await nextTurn();
}
