import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Log, takeFromCache } from '../lab/build/cache.ts';
import { runCommand } from '../lab/build/command.ts';
import { buildModule, type GoModule, keyOfModule } from '../lab/build/go.ts';

const MODULE: GoModule = {
  folder: join(import.meta.dirname, 'h2spec'),
  version: '2.2.1',
  packages: ['.'],
  linkerFlags: '',
};
/** All cases take seconds; each that fails waits for its own time limit first. */
const RUN_TIMEOUT_MS = 10 * 60_000;

/** The path of the program, built the first time on this machine. */
export async function ensureH2spec(log: Log): Promise<string> {
  const folder = await takeFromCache({
    name: `h2spec-${MODULE.version}-${await keyOfModule(MODULE)}`,
    fill: (target) => {
      log(`building h2spec ${MODULE.version} (once)`);
      return buildModule(MODULE, target);
    },
  });
  return join(folder, basename(MODULE.folder));
}

export interface H2specTarget {
  readonly host: string;
  readonly port: number;
  /** The network namespace to connect from; this process's own when left out. */
  readonly netns?: string;
}

export interface H2specCase {
  /** `http2/5.1`, `hpack/4.2`, … */
  readonly section: string;
  readonly name: string;
  readonly outcome: 'passed' | 'skipped' | 'failed';
  /** What was expected and what came, for one that failed. */
  readonly detail: string;
}

/** Runs every case (generic, HTTP/2, HPACK; strict ones too) and answers how each went. */
export async function runH2spec(program: string, target: H2specTarget): Promise<readonly H2specCase[]> {
  const { host, port, netns } = target;
  const file = join(tmpdir(), `h2spec-${process.pid}-${host}-${port}.xml`);
  const enter = netns === undefined ? [] : ['nsenter', `--net=${netns}`];
  const [first = program, ...rest] = [...enter, program, host, String(port), file];
  try {
    await runCommand(first, rest, { timeoutMs: RUN_TIMEOUT_MS });
    return readReport(await readFile(file, 'utf8'));
  } finally {
    await rm(file, { force: true });
  }
}

const CASE = /<testcase package="([^"]*)" classname="([^"]*)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g;
const FAULT = /<(?:error|failure)[^>]*>([\s\S]*?)<\/(?:error|failure)>/;

/** The cases of a report in JUnit's XML, as h2spec writes it. */
function readReport(xml: string): readonly H2specCase[] {
  return [...xml.matchAll(CASE)].map(([, section = '', name = '', inside = '']) => {
    const fault = FAULT.exec(inside);
    const left = inside.includes('<skipped') ? 'skipped' : 'passed';
    const detail = unescapeXml((fault?.[1] ?? '').trim().replaceAll('\n', ' | '));
    return { section, name: unescapeXml(name), outcome: fault === null ? left : 'failed', detail };
  });
}

function unescapeXml(text: string): string {
  return text
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
