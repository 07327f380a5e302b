/** `make demo`: a whole mesh on this machine, with what it proves. `--keep` leaves it up. */
import { parseArgs } from 'node:util';
import { runDemo } from './demo.ts';
import { createReport } from './report.ts';

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
const report = createReport((text) => process.stdout.write(text));
process.exit(await runDemo({ keep: values.keep, report }));
