import { randomFillSync } from 'node:crypto';
import { isZero } from './propagation/trace-context.ts';

const ID_BYTES = 8;

/** The system is asked for the bytes of many ids at once. */
const pool = Buffer.alloc(ID_BYTES * 256);
let at = pool.length;

/** 16 random hexadecimal digits, not all of them zero. */
export function createSpanId(): string {
  if (at === pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  const id = pool.toString('hex', at, at + ID_BYTES);
  at += ID_BYTES;
  return isZero(id) ? createSpanId() : id;
}
