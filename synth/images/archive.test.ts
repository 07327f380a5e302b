import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type ImageConfig, packImage } from './archive.ts';
import { fileEntry, packLayer } from './layer.ts';

const CONFIG: ImageConfig = {
  name: 'docker.io/linkerd-ts/proxy',
  tag: '1.2.3',
  arch: 'amd64',
  user: '2102',
  entrypoint: ['/usr/lib/linkerd/node'],
  env: ['PATH=/usr/bin'],
  labels: { a: 'b' },
  createdS: 0,
};

const layers = [packLayer([fileEntry('a', 'a')], 0), packLayer([fileEntry('b', 'b')], 0)];
const { pieces, digest } = packImage(CONFIG, layers);
const input = Buffer.concat(pieces);
const read = (path: string): Buffer => execFileSync('tar', ['-xOf', '-', path], { input });
const readJson = (path: string): unknown => JSON.parse(read(path).toString());
const blob = (name: string): string => `blobs/${name.replace(':', '/')}`;

interface Manifest {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
}

describe('packImage()', () => {
  it('is an image layout with one image, under its name', () => {
    expect(readJson('oci-layout')).toEqual({ imageLayoutVersion: '1.0.0' });
    expect(readJson('index.json')).toMatchObject({
      manifests: [
        {
          digest,
          platform: { architecture: 'amd64', os: 'linux' },
          annotations: {
            'io.containerd.image.name': 'docker.io/linkerd-ts/proxy:1.2.3',
            'org.opencontainers.image.ref.name': '1.2.3',
          },
        },
      ],
    });
  });

  it('has every blob that it names, each under its digest', () => {
    const manifest = readJson(blob(digest)) as Manifest;
    const named = [digest, manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)];
    const actual = named.map(
      (name) =>
        `sha256:${createHash('sha256')
          .update(read(blob(name)))
          .digest('hex')}`,
    );
    expect(actual).toEqual(named);
    expect(manifest.layers.map(({ size }) => size)).toEqual(layers.map(({ bytes }) => bytes));
  });

  it('says how to run it', () => {
    const manifest = readJson(blob(digest)) as Manifest;
    expect(readJson(blob(manifest.config.digest))).toMatchObject({
      architecture: 'amd64',
      created: '1970-01-01T00:00:00.000Z',
      config: { User: '2102', Entrypoint: ['/usr/lib/linkerd/node'], WorkingDir: '/' },
      rootfs: { diff_ids: layers.map((layer) => layer.digest) },
    });
  });

  it('is what docker load takes', () => {
    const manifest = readJson(blob(digest)) as Manifest;
    expect(readJson('manifest.json')).toEqual([
      {
        Config: blob(manifest.config.digest),
        RepoTags: ['docker.io/linkerd-ts/proxy:1.2.3'],
        Layers: layers.map((layer) => blob(layer.digest)),
      },
    ]);
  });
});
