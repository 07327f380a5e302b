import { expect, it } from 'vitest';
import { AWAIT_COMMAND, PROXY_INIT_COMMAND, VALIDATOR_COMMAND } from '#lib/inject';
import { COMMAND } from './contract.ts';

it('the commands that injected containers run are where the image has them', () => {
  expect([PROXY_INIT_COMMAND, VALIDATOR_COMMAND, AWAIT_COMMAND]).toEqual([
    COMMAND.proxyInit,
    COMMAND.networkValidator,
    COMMAND.await,
  ]);
});
