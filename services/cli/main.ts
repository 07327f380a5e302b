import { errorCode } from '#lib/base';
import { runCli } from './app.ts';
import { readCliConfig } from './config.ts';

const output = {
  stdout: (text: string) => void process.stdout.write(text),
  stderr: (text: string) => void process.stderr.write(text),
};

// Whoever reads, such as `head`, has enough. What runs on, such as a local mesh, does so without.
process.stdout.on('error', (error) => {
  if (errorCode(error) !== 'EPIPE') throw error;
});

process.exitCode = await runCli(process.argv.slice(2), readCliConfig(process.env), output);
