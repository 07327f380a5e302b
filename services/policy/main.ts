import { describeError, errorCode } from '#lib/base';
import { startPolicy } from './app.ts';
import { readConfig } from './config.ts';
import { POLICY_ERROR } from './errors.ts';

/** EX_USAGE of sysexits.h, as the proxy exits for what it was told wrongly. */
const EXIT_USAGE = 64;
const USAGE_ERRORS: readonly string[] = [POLICY_ERROR.flag, POLICY_ERROR.noSource];

async function main(): Promise<void> {
  const policy = await startPolicy(readConfig(process.argv.slice(2), process.env));
  const stop = () => void policy.close().then(() => process.exit(0), fail);
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

function fail(error: unknown): void {
  process.stderr.write(`linkerd-policy-controller: ${describeError(error)}\n`);
  process.exit(USAGE_ERRORS.includes(errorCode(error)) ? EXIT_USAGE : 1);
}

main().catch(fail);
