import { expect, it } from 'vitest';
import { encodeCapabilities } from './capabilities.ts';

it.each([
  // As `setcap cap_net_admin,cap_net_raw+p` and `+ep` write them (getfattr -e hex).
  [false, '0000000200300000000000000000000000000000'],
  [true, '0100000200300000000000000000000000000000'],
])('encodeCapabilities() writes what setcap writes (effective: %s)', (effective, hex) => {
  expect(encodeCapabilities(['NET_ADMIN', 'NET_RAW'], { effective }).toString('hex')).toBe(hex);
});
