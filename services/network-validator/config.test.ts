import { describe, expect, it } from 'vitest';
import { parseValidatorConfig } from './config.ts';

describe('parseValidatorConfig()', () => {
  it('reads the arguments that the injector writes', () => {
    const argv = ['--log-format', 'plain', '--log-level', 'debug', '--connect-addr', '1.1.1.1:20001'];
    const config = parseValidatorConfig([...argv, '--listen-addr', '0.0.0.0:4140', '--timeout', '10s'], {});
    expect(config).toMatchObject({
      connectAddress: { host: '1.1.1.1', port: 20_001 },
      listenAddress: { host: '0.0.0.0', port: 4140 },
      timeoutMs: 10_000,
      logFormat: 'plain',
    });
    expect(config.logLevel.text).toBe('debug');
  });

  it('reads IPv6 addresses in brackets, and has defaults for all', () => {
    const argv = ['--connect-addr', '[fd00::1]:20001', '--listen-addr=[::]:4140'];
    expect(parseValidatorConfig(argv, {})).toMatchObject({
      connectAddress: { host: 'fd00::1', port: 20_001 },
      listenAddress: { host: '::', port: 4140 },
    });
    expect(parseValidatorConfig([], {})).toMatchObject({ timeoutMs: 10_000, help: false });
  });

  it('takes what the log looks like from the environment where no flag says it', () => {
    const env = { LINKERD_VALIDATOR_LOG_LEVEL: 'warn', LINKERD_VALIDATOR_LOG_FORMAT: 'json' };
    expect(parseValidatorConfig([], env).logFormat).toBe('json');
    expect(parseValidatorConfig([], env).logLevel.text).toBe('warn');
    expect(parseValidatorConfig(['--log-level=error'], env).logLevel.text).toBe('error');
  });

  it.each([
    [
      ['--connect-addr', 'example.com:80'],
      '--connect-addr "example.com:80" is not valid: give an IP address',
    ],
    [['--connect-addr', 'fd00::1:80'], 'give an IP address and a port'],
    [['--listen-addr', '0.0.0.0:70000'], '--listen-addr "0.0.0.0:70000" is not valid'],
    [['--timeout', '10'], '--timeout "10" is not valid: give a duration'],
    [['--timeout', '0'], '--timeout "0" is not valid: give a duration'],
    [['--log-format', 'xml'], 'give plain or json'],
    [['--log-level', 'loud'], '--log-level "loud" is not valid'],
    [['--metrics-addr', ':1'], '--help lists the flags'],
  ])('refuses %j', (argv, message) => {
    expect(() => parseValidatorConfig(argv, {})).toThrow(message);
  });
});
