import { describe, expect, it } from 'vitest';
import { parseAwaitConfig } from './config.ts';

describe('parseAwaitConfig()', () => {
  it('reads the arguments that the injector writes', () => {
    expect(parseAwaitConfig(['--timeout=2m', '--port=4191'], {})).toEqual({
      help: false,
      port: 4191,
      backoffMs: 1000,
      timeoutMs: 120_000,
      isTimeoutFatal: true,
      shutdown: false,
      verbose: false,
      disabledReason: undefined,
      command: [],
    });
  });

  it.each([
    [['-S', '-p', '9', '--', 'curl', '-v'], { shutdown: true, port: 9, command: ['curl', '-v'] }],
    [['-S', 'curl', '-v'], { shutdown: true, verbose: false, command: ['curl', '-v'] }],
    [['-p9', '-b=50ms', '-v'], { port: 9, backoffMs: 50, verbose: true }],
    [['--timeout', '0', '--timeout-fatal=false', 'true'], { timeoutMs: undefined, isTimeoutFatal: false }],
    [['--timeout-fatal', 'true'], { isTimeoutFatal: true, command: ['true'] }],
  ])('reads %j', (argv, wanted) => {
    expect(parseAwaitConfig(argv, {})).toMatchObject(wanted);
  });

  it('takes a reason not to wait from the environment, of its own variable first', () => {
    expect(parseAwaitConfig([], { LINKERD_DISABLED: 'no mesh' }).disabledReason).toBe('no mesh');
    const both = { LINKERD_DISABLED: 'no mesh', LINKERD_AWAIT_DISABLED: 'in a hurry' };
    expect(parseAwaitConfig([], both).disabledReason).toBe('in a hurry');
    expect(parseAwaitConfig([], { LINKERD_DISABLED: '' }).disabledReason).toBeUndefined();
  });

  it.each([
    [['--port', '0'], '--port "0" is not valid: give a port from 1 to 65535'],
    [['--timeout', 'soon'], '--timeout "soon" is not valid: give a duration such as 500ms, 10s or 2m'],
    [['--backoff'], '--backoff lacks its value'],
    [['--interval=1s'], 'unknown flag "--interval=1s"; --help lists the flags'],
    [['--shutdown'], '--shutdown needs a command'],
  ])('refuses %j', (argv, message) => {
    expect(() => parseAwaitConfig(argv, {})).toThrow(message);
  });
});
