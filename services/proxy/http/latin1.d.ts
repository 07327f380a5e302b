/** Node's Latin-1 methods of Buffer: undocumented, stable since Node 0.x, and without the encoding look-up. */
interface Buffer {
  latin1Slice(start?: number, end?: number): string;
  latin1Write(text: string, offset?: number, length?: number): number;
}
