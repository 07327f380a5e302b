import { afterEach, expect, test } from 'vitest';
import { create, destination, toTcpAddress } from '#lib/api';
import { GrpcError, GrpcServer, GrpcStatus, type ServerStream } from '#lib/grpc';
import { fetchEndpoints } from './fetch-endpoints.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

type Answer = (path: string, stream: ServerStream<destination.Update>) => void;

async function serve(answer: Answer): Promise<{ host: string; port: number }> {
  const server = new GrpcServer();
  server.add(destination.Destination, {
    get: (request, stream) => answer(request.path, stream),
    getProfile: (_request, stream) => stream.end(),
  });
  const { port, close } = await server.listen({ host: '127.0.0.1', port: 0 });
  closers.push(close);
  return { host: '127.0.0.1', port };
}

const authority = 'web.shop.svc.cluster.local:8080';

function address(host: string, labels: Record<string, string>) {
  const addr = toTcpAddress({ host, port: 8080 });
  return { weight: 10_000, metricLabels: labels, ...(addr && { addr }) };
}

test('fetchEndpoints() gives the first answer, sorted, with the labels of set and address', async () => {
  const server = await serve((_path, stream) => {
    stream.send(
      create(destination.UpdateSchema, {
        update: {
          case: 'add',
          value: {
            metricLabels: { namespace: 'shop', service: 'web' },
            addrs: [
              address('10.42.0.9', { pod: 'web-2' }),
              address('10.42.0.8', { pod: 'web-1', namespace: 'other' }),
            ],
          },
        },
      }),
    );
  });
  expect(await fetchEndpoints({ ...server, authority, token: '' })).toEqual([
    {
      namespace: 'other',
      ip: '10.42.0.8',
      port: 8080,
      pod: 'web-1',
      service: 'web.shop',
      weight: 10_000,
      labels: { namespace: 'other', service: 'web', pod: 'web-1' },
    },
    expect.objectContaining({ namespace: 'shop', ip: '10.42.0.9', pod: 'web-2' }),
  ]);
});

test('fetchEndpoints() is empty for a name of which the service says nothing', async () => {
  const server = await serve(() => {});
  expect(await fetchEndpoints({ ...server, authority, token: '' })).toEqual([]);
});

test('fetchEndpoints() tells a refusal from a service that is not there', async () => {
  const server = await serve((path, stream) =>
    stream.fail(new GrpcError(GrpcStatus.InvalidArgument, `invalid authority ${path}`)),
  );
  await expect(fetchEndpoints({ ...server, authority, token: '' })).rejects.toThrow(
    `refuses "${authority}": invalid authority ${authority}`,
  );
  await expect(fetchEndpoints({ host: '127.0.0.1', port: 1, authority, token: '' })).rejects.toThrow(
    'cannot be asked',
  );
});
