import koffi from 'koffi';

/** glibc's struct mallinfo2, all fields of the size of a pointer. */
const FIELDS = [
  'arena',
  'ordblks',
  'smblks',
  'hblks',
  'hblkhd',
  'usmblks',
  'fsmblks',
  'uordblks',
  'fordblks',
  'keepcost',
] as const;

koffi.struct('mallinfo2_figures', Object.fromEntries(FIELDS.map((name) => [name, 'size_t'])));
const mallinfo2 = koffi.load('libc.so.6').func('mallinfo2_figures mallinfo2()') as () => Record<
  (typeof FIELDS)[number],
  number | bigint
>;

/**
 * The bytes that this process has from malloc and has not given back: OpenSSL's, Node's own and buffers, V8's heap
 * not. Unlike the memory that the kernel counts it knows no fragments and no reserves, and is exact to the byte.
 */
export function readMallocedBytes(): number {
  const { uordblks, hblkhd } = mallinfo2();
  return Number(uordblks) + Number(hblkhd);
}
