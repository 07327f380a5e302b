/**
 * Bundles the programs: one JavaScript file each in dist/, with the native addon beside it in dist/node_modules.
 * With --write-lists or --check-lists it builds nothing; it writes or compares the lists of npm packages that
 * each program takes along (test/architecture/deps).
 */
import { cp, glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';

const ROOT = import.meta.dirname;
const DIST_DIR = join(ROOT, 'dist');
const LISTS_DIR = join(ROOT, 'test/architecture/deps');
/** Packages with machine code, which can't be part of a file of JavaScript, and where that code is. */
const NATIVE_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  koffi: ['koffi', `@koromix/koffi-linux-${process.arch}`],
};

const SHARED_OPTIONS = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  external: Object.keys(NATIVE_PACKAGES),
  metafile: true,
  logLevel: 'warning',
  // The source stays in memory: 1.6 MB less of an idle proxy. Names are kept, so that stack traces can be read.
  minifyWhitespace: true,
  minifySyntax: true,
  absWorkingDir: ROOT,
  // Packages in CommonJS call `require` for what Node itself brings.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
} satisfies BuildOptions;

/** The programs of the mesh: every service with a main.ts. */
async function listPrograms(): Promise<string[]> {
  const programs: string[] = [];
  for await (const file of glob('services/*/main.ts', { cwd: ROOT })) programs.push(basename(dirname(file)));
  return programs.sort();
}

/** Bundles one program and says what went into it; without `outDir` nothing is written. */
export async function bundleProgram(name: string, outDir?: string): Promise<Metafile> {
  const { metafile } = await build({
    ...SHARED_OPTIONS,
    entryPoints: [`services/${name}/main.ts`],
    outfile: join(outDir ?? DIST_DIR, `${name}.js`),
    write: outDir !== undefined,
  });
  if (outDir !== undefined) await addNeighbours(outDir, metafile);
  return metafile;
}

/** What stands beside the bundles: native packages, and the word that they are modules. */
async function addNeighbours(outDir: string, metafile: Metafile): Promise<void> {
  await writeFile(join(outDir, 'package.json'), '{ "type": "module" }\n');
  for (const name of listExternals(metafile)) {
    for (const part of NATIVE_PACKAGES[name] ?? []) {
      await cp(join(ROOT, 'node_modules', part), join(outDir, 'node_modules', part), { recursive: true });
    }
  }
}

function listExternals(metafile: Metafile): string[] {
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  return imports.map(({ path }) => path).filter((path) => path in NATIVE_PACKAGES);
}

/** The names of the npm packages in a bundle or beside it, sorted. */
function listPackages(metafile: Metafile): string[] {
  const bundled = Object.keys(metafile.inputs).flatMap(
    (file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? [],
  );
  return [...new Set([...bundled, ...listExternals(metafile)])].sort();
}

/** What is wrong with the committed lists, a sentence each. */
export async function findStaleLists(): Promise<string[]> {
  const complaints: string[] = [];
  for (const [name, list] of await computeLists()) {
    const file = join(LISTS_DIR, `${name}.txt`);
    const committed = await readFile(file, 'utf8').catch(() => undefined);
    if (committed !== list) complaints.push(describeDifference(name, committed ?? '', list));
  }
  return complaints;
}

function describeDifference(name: string, committed: string, actual: string): string {
  const [before, now] = [committed.split('\n'), actual.split('\n')];
  const added = now.filter((line) => !before.includes(line));
  const gone = before.filter((line) => !now.includes(line));
  return `test/architecture/deps/${name}.txt: new [${added.join(' ')}], gone [${gone.join(' ')}]; run "make gen" and review`;
}

async function computeLists(): Promise<Map<string, string>> {
  const lists = new Map<string, string>();
  for (const name of await listPrograms()) {
    const packages = listPackages(await bundleProgram(name));
    lists.set(name, packages.map((line) => `${line}\n`).join(''));
  }
  return lists;
}

async function writeLists(): Promise<void> {
  await rm(LISTS_DIR, { recursive: true, force: true });
  await mkdir(LISTS_DIR, { recursive: true });
  for (const [name, list] of await computeLists()) await writeFile(join(LISTS_DIR, `${name}.txt`), list);
}

async function checkLists(): Promise<void> {
  const complaints = await findStaleLists();
  if (complaints.length === 0) return;
  process.stderr.write(`${complaints.join('\n')}\n`);
  process.exitCode = 1;
}

async function buildAll(): Promise<void> {
  await mkdir(DIST_DIR, { recursive: true });
  for (const name of await listPrograms()) {
    const metafile = await bundleProgram(name, DIST_DIR);
    const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
    process.stdout.write(`dist/${name}.js  ${Math.round(bytes / 1024)} kB\n`);
  }
}

async function main(mode: string | undefined): Promise<void> {
  if (mode === '--write-lists') return writeLists();
  if (mode === '--check-lists') return checkLists();
  return buildAll();
}

if (import.meta.main) {
  await main(process.argv[2]).catch(() => {
    // esbuild has said what is wrong.
    process.exitCode = 1;
  });
}
