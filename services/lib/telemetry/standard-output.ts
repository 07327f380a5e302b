/** More is written at once, however busy the turn is. */
const MAX_CHARS = 64 * 1024;

let gathered = '';
let isScheduled = false;

/**
 * Writes a line to standard output; `urgent` ones at once, others with those of the same turn of the event loop: a write
 * to a pipe waits until it is done, and costs as much as the work that a busy program tells of.
 */
export function writeStandardOutput(line: string, urgent: boolean): void {
  gathered += line;
  if (urgent || gathered.length > MAX_CHARS) flush();
  else if (!isScheduled) schedule();
}

function schedule(): void {
  isScheduled = true;
  setImmediate(() => {
    isScheduled = false;
    flush();
  });
}

function flush(): void {
  if (gathered === '') return;
  const text = gathered;
  gathered = '';
  process.stdout.write(text);
}

process.on('exit', flush);
