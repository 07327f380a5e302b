import { spawnSync } from 'node:child_process';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { validateNetwork } from './app.ts';
import { parseValidatorConfig } from './config.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A server of somebody else, and the port it has. */
async function startStranger(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  return (server.address() as AddressInfo).port;
}

async function findFreePort(): Promise<number> {
  const port = await startStranger(() => {});
  await closing.pop()?.();
  return port;
}

function validate(listenPort: number, connectPort: number, timeout = '5s'): Promise<string[]> {
  const lines: string[] = [];
  const argv = [`--listen-addr=127.0.0.1:${listenPort}`, `--connect-addr=127.0.0.1:${connectPort}`];
  const config = parseValidatorConfig([...argv, `--timeout=${timeout}`], {});
  return validateNetwork(config, (line) => lines.push(line)).then(() => lines);
}

describe('validateNetwork()', () => {
  it('is content where the connection comes out at its own listener', async () => {
    // The same address on both sides is what a redirection looks like from inside.
    const port = await findFreePort();
    expect((await validate(port, port)).at(-1)).toContain('validated');
  });

  it('can run twice: it leaves its port', async () => {
    const port = await findFreePort();
    await validate(port, port);
    await validate(port, port);
  });

  it('fails where the connection is refused', async () => {
    const [listen, closed] = [await findFreePort(), await findFreePort()];
    await expect(validate(listen, closed)).rejects.toThrow(
      `a connection to 127.0.0.1:${closed} failed instead of being redirected`,
    );
  });

  it('fails where somebody else answers, also when he only hangs up', async () => {
    const talker = await startStranger((socket) => socket.end(`${'x'.repeat(64)}\n`));
    await expect(validate(await findFreePort(), talker)).rejects.toThrow('answered by somebody else');
    const mute = await startStranger((socket) => socket.end());
    await expect(validate(await findFreePort(), mute)).rejects.toThrow('answered by somebody else');
  });

  it('fails in time where nobody says a word', async () => {
    const silent = await startStranger(() => {});
    await expect(validate(await findFreePort(), silent, '200ms')).rejects.toThrow(
      `a connection to 127.0.0.1:${silent} was not redirected within 200 ms`,
    );
  });

  it('fails where its port is taken', async () => {
    const taken = await startStranger(() => {});
    await expect(validate(taken, taken)).rejects.toThrow(`cannot listen on 127.0.0.1:${taken}`);
  });
});

describe('the program', () => {
  const run = (...args: string[]) => spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });

  it('ends with 0 where redirected, with 95 where not, and says why', async () => {
    const [port, closed] = [await findFreePort(), await findFreePort()];
    const listen = `--listen-addr=127.0.0.1:${port}`;
    expect(run(listen, `--connect-addr=127.0.0.1:${port}`)).toMatchObject({ status: 0, stderr: '' });
    const { status, stderr } = run(listen, `--connect-addr=127.0.0.1:${closed}`);
    expect(status).toBe(95);
    expect(stderr).toMatch(/^Error: a connection to .* see that linkerd-cni runs on this node.*\n$/);
  });

  it('ends with 2 for a wrong flag, which the repair controller leaves alone', () => {
    expect(run('--timeout', 'soon').status).toBe(2);
  });
});
