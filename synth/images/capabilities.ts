/** Capabilities that programs here get. Source: include/uapi/linux/capability.h. */
const CAPABILITY = { NET_ADMIN: 12, NET_RAW: 13 } as const;
export type Capability = keyof typeof CAPABILITY;

export const CAPABILITY_XATTR = 'security.capability';

const REVISION_2 = 0x0200_0000;
const EFFECTIVE = 1;

/**
 * The extended attribute `security.capability` that lets a program have `permitted`, where its container may: 20 bytes,
 * struct vfs_cap_data. With `effective` it has them at once (`+ep`) and does not start where the container may not;
 * without (`+p`) it starts everywhere, and the programs that it starts inherit the possibility.
 */
export function encodeCapabilities(
  permitted: readonly Capability[],
  { effective }: { effective: boolean },
): Buffer {
  const data = Buffer.alloc(20);
  const bits = permitted.reduce((sum, name) => sum | (1 << CAPABILITY[name]), 0);
  data.writeUInt32LE(REVISION_2 | (effective ? EFFECTIVE : 0), 0);
  data.writeUInt32LE(bits, 4);
  return data;
}
