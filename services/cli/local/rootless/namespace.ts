import { readlinkSync } from 'node:fs';
import type { Instance } from '../state/instance.ts';

/** The one that the machine begins with; its number is the kernel's (PROC_USER_INIT_INO). */
const INITIAL_NAMESPACE = 'user:[4026531837]';

/** The user namespace of this process, such as `user:[4026532261]`; undefined in the machine's own. */
export function readUserNamespace(): string | undefined {
  try {
    const namespace = readlinkSync('/proc/self/ns/user');
    return namespace === INITIAL_NAMESPACE ? undefined : namespace;
  } catch {
    // The kernel has none.
    return undefined;
  }
}

/** Whether a mesh is in a user namespace of its own, and not in that of this process. */
export function isElsewhere(instance: Instance): boolean {
  return instance.userNamespace !== undefined && instance.userNamespace !== readUserNamespace();
}
