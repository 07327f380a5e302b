import { digestOf, fileEntry, type Layer } from './layer.ts';
import { countBytes, packTar, type TarEntry } from './tar.ts';

/** Everything about an image but its bytes. */
export interface ImageConfig {
  /** Host and name, without a tag. */
  readonly name: string;
  readonly tag: string;
  readonly arch: string;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly env: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since the Unix epoch. */
  readonly createdS: number;
}

export interface ImageArchive {
  /** The archive, in pieces. */
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
  /** The digest of the image's manifest: what `name@sha256:…` names. */
  readonly digest: string;
}

interface Blob {
  readonly descriptor: Descriptor;
  readonly pieces: readonly Uint8Array[];
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const MEDIA_TYPE = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
} as const;

/**
 * An image as one archive that containerd, skopeo, podman (OCI image layout), docker and crane (`manifest.json`) read.
 * Source: github.com/opencontainers/image-spec v1.1, image-layout.md.
 */
export function packImage(config: ImageConfig, layers: readonly Layer[]): ImageArchive {
  const configBlob = jsonBlob(MEDIA_TYPE.config, renderConfig(config, layers));
  const layerBlobs = layers.map(({ digest, bytes, pieces }) => ({
    descriptor: { mediaType: MEDIA_TYPE.layer, digest, size: bytes },
    pieces,
  }));
  const manifest = jsonBlob(MEDIA_TYPE.manifest, {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: configBlob.descriptor,
    layers: layerBlobs.map(({ descriptor }) => descriptor),
  });
  const entries = [
    ...[configBlob, manifest, ...layerBlobs].map(blobEntry),
    fileEntry('oci-layout', `${JSON.stringify({ imageLayoutVersion: '1.0.0' })}\n`),
    fileEntry('index.json', `${JSON.stringify(renderIndex(config, manifest.descriptor))}\n`),
    fileEntry('manifest.json', `${JSON.stringify(renderDockerManifest(config, configBlob, layerBlobs))}\n`),
  ];
  const pieces = packTar(entries, { mtimeS: config.createdS });
  return { pieces, bytes: countBytes(pieces), digest: manifest.descriptor.digest };
}

function renderConfig(config: ImageConfig, layers: readonly Layer[]): unknown {
  const { arch, user, entrypoint, env, labels } = config;
  const created = new Date(config.createdS * 1000).toISOString();
  return {
    created,
    architecture: arch,
    os: 'linux',
    config: { User: user, Env: env, Entrypoint: entrypoint, WorkingDir: '/', Labels: labels },
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    history: layers.map(() => ({ created, created_by: 'synth/images' })),
  };
}

function renderIndex({ name, tag, arch }: ImageConfig, manifest: Descriptor): unknown {
  const annotations = {
    'io.containerd.image.name': `${name}:${tag}`,
    'org.opencontainers.image.ref.name': tag,
  };
  const platform = { architecture: arch, os: 'linux' };
  return {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    manifests: [{ ...manifest, annotations, platform }],
  };
}

function renderDockerManifest({ name, tag }: ImageConfig, config: Blob, layers: readonly Blob[]): unknown {
  return [{ Config: blobPath(config), RepoTags: [`${name}:${tag}`], Layers: layers.map(blobPath) }];
}

function jsonBlob(mediaType: string, value: unknown): Blob {
  const pieces = [Buffer.from(JSON.stringify(value))];
  return { descriptor: { mediaType, digest: digestOf(pieces), size: countBytes(pieces) }, pieces };
}

function blobPath({ descriptor }: Blob): string {
  return `blobs/${descriptor.digest.replace(':', '/')}`;
}

function blobEntry(blob: Blob): TarEntry {
  return { path: blobPath(blob), type: 'file', mode: 0o644, content: blob.pieces };
}
