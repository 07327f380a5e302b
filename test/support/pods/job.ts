/** GETs TARGET (a URL) until it answers 200, and ends: 0 then, 1 after 30 s without. */
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

const TIMEOUT_MS = 30_000;
const PAUSE_MS = 250;

async function ask(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PAUSE_MS * 8) });
    process.stdout.write(`${response.status} ${await response.text()}\n`);
    return response.ok;
  } catch (error) {
    process.stdout.write(`${error}\n`);
    return false;
  }
}

const startedMs = performance.now();
let done = false;
while (!done && performance.now() - startedMs < TIMEOUT_MS) {
  done = await ask(process.env['TARGET'] ?? '');
  if (!done) await delay(PAUSE_MS);
}
process.exit(done ? 0 : 1);
