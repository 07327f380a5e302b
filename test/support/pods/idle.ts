/** Does nothing until it is told to end: a pod to run commands in. */
import process from 'node:process';

setInterval(() => {}, 60_000);
process.on('SIGTERM', () => process.exit(0));
