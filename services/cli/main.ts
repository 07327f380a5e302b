import { runCli } from './app.ts';
import { readCliConfig } from './config.ts';

const output = {
  stdout: (text: string) => void process.stdout.write(text),
  stderr: (text: string) => void process.stderr.write(text),
};

process.exitCode = await runCli(process.argv.slice(2), readCliConfig(process.env), output);
