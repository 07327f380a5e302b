import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describeError } from '#lib/base';
import { buildImages } from './images.ts';
import { parseOptions } from './options.ts';

const ROOT = join(import.meta.dirname, '../..');

try {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const surroundings = { env: process.env, machineArch: process.arch, version, cwd: process.cwd() };
  const options = parseOptions(process.argv.slice(2), surroundings);
  await mkdir(options.outDir, { recursive: true });
  for (const { key, reference, archive } of await buildImages(options)) {
    const file = join(options.outDir, `${key}-${options.arch}.tar`);
    await pipeline(Readable.from(archive.pieces), createWriteStream(file));
    const size = `${(archive.bytes / 1e6).toFixed(1)} MB`;
    process.stdout.write(`${relative(process.cwd(), file)}  ${size}  ${reference}@${archive.digest}\n`);
  }
} catch (error) {
  process.stderr.write(`Error: ${describeError(error)}\n`);
  process.exitCode = 1;
}
