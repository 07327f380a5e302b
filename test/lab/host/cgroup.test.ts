import { describe, expect, it } from 'vitest';
import { parseCgroupLayout } from './cgroup.ts';

const V1 = `proc /proc proc rw 0 0
tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0
`;
const UNIFIED = 'cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n';

describe('parseCgroupLayout()', () => {
  it('knows version 2', () => {
    expect(parseCgroupLayout('cgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate 0 0\n')).toEqual({
      version: 2,
      hierarchies: ['/sys/fs/cgroup'],
    });
  });

  it('knows version 1', () => {
    expect(parseCgroupLayout(V1)).toEqual({
      version: 1,
      hierarchies: ['/sys/fs/cgroup/memory', '/sys/fs/cgroup/pids'],
    });
  });

  it('takes a version 2 hierarchy beside version 1 for version 1, and keeps it in mind', () => {
    expect(parseCgroupLayout(V1 + UNIFIED)).toEqual({
      version: 1,
      hierarchies: ['/sys/fs/cgroup/memory', '/sys/fs/cgroup/pids', '/sys/fs/cgroup/unified'],
    });
  });

  it('says so when there are none', () => {
    expect(parseCgroupLayout('proc /proc proc rw 0 0\n')).toBeUndefined();
  });
});
