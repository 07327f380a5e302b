import { describe, expect, it } from 'vitest';
import { findStaleLists } from '../../esbuild.config.ts';
import { listTrackedFiles, readTracked } from './tracked-files.ts';

/** Hosts that serve packages. Which one is used is the business of whoever installs. */
const REGISTRY_HOSTS =
  /\b(registry\.(npmjs|yarnpkg|npmmirror)|registry-1\.docker|npm\.pkg\.github|(deb|security|ftp)\.debian\.org|proxy\.golang|pypi\.org|pythonhosted\.org|(index|static)\.crates|repo1?\.maven)\b/;

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

describe('what the programs are made of', () => {
  it('is listed, package by package', async () => {
    expect(await findStaleLists()).toEqual([]);
  });

  it('comes from no registry that a file names', () => {
    const text = listTrackedFiles().filter((file) => !/\.(png|tgz|gz|der|p12)$/.test(file));
    expect(text.filter((file) => REGISTRY_HOSTS.test(readTracked(file)))).toEqual([]);
  });

  it('is pinned exactly', () => {
    const manifest = JSON.parse(readTracked('package.json')) as Record<string, Record<string, string>>;
    const kinds = ['dependencies', 'devDependencies', 'optionalDependencies'];
    const versions = kinds.flatMap((kind) => Object.entries(manifest[kind] ?? {}));
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  // npm 11 refuses a lockfile that lacks one ("npm ci": missing from lock file), and a registry that doesn't carry
  // a platform's package makes npm leave it out. Written in by hand: version, os, cpu, optional.
  it('is locked for every platform that a package names', () => {
    const { packages } = JSON.parse(readTracked('package-lock.json')) as { packages: Record<string, Locked> };
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
      ),
    );
    expect(missing).toEqual([]);
  });
});
