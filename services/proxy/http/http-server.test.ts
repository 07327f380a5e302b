import { connect } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SERVER_HTTP2 } from '../config.ts';
import { listen } from '../transport/loopback.testing.ts';
import { HttpServer } from './http-server.ts';

describe('HttpServer', () => {
  it('tells HTTP/2 clients the limits it is configured with', async () => {
    const server = new HttpServer({
      ...DEFAULT_SERVER_HTTP2,
      maxConcurrentStreams: 7,
      windows: { streamBytes: 70_000, connectionBytes: 80_000 },
      maxHeaderListBytes: 100_000,
      maxFrameBytes: 20_000,
    });
    const handler = {
      handleRequest() {
        throw new Error('nothing was asked');
      },
    };
    const listener = await listen(({ wire }) => server.serve(wire, 'http2', handler));
    const session = connect(`http://127.0.0.1:${listener.address.port}`);
    const settings = await new Promise((resolve) => session.once('remoteSettings', resolve));
    expect(settings).toMatchObject({
      maxConcurrentStreams: 7,
      initialWindowSize: 70_000,
      maxHeaderListSize: 100_000,
      maxFrameSize: 20_000,
    });
    await expect.poll(() => session.state.remoteWindowSize, { timeout: 8000 }).toBe(80_000);
    session.destroy();
  });
});
