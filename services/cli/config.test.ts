import { describe, expect, it } from 'vitest';
import { readCliConfig } from './config.ts';

const ROOT = 0;
const USER = 1001;

describe('readCliConfig()', () => {
  it('keeps the meshes of users apart from those of root', () => {
    expect(readCliConfig({}, ROOT).localDir).toBe('/run/linkerd-local');
    expect(readCliConfig({}, USER).localDir).toBe('/tmp/linkerd-local-1001');
    expect(readCliConfig({ XDG_RUNTIME_DIR: '/run/user/1001' }, USER).localDir).toBe(
      '/run/user/1001/linkerd-local',
    );
    expect(readCliConfig({ LINKERD_LOCAL_DIR: '/srv/meshes' }, USER).localDir).toBe('/srv/meshes');
  });

  it('looks for the programs of the system too, which Debian leaves out of the PATH of users', () => {
    expect(readCliConfig({ PATH: '/opt/bin:/usr/bin:/bin' }, ROOT).searchPath).toBe('/opt/bin:/usr/bin:/bin');
    const { searchPath } = readCliConfig({ PATH: '/opt/bin:/usr/bin:/bin' }, USER);
    expect(searchPath).toBe('/opt/bin:/usr/bin:/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin');
  });
});
