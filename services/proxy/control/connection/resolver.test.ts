import { describe, expect, it } from 'vitest';
import { createFamilies } from '../../metrics/families.ts';
import { boundTtl, createResolver, type DnsQueries } from './resolver.ts';

const NAME = 'linkerd-dst-headless.linkerd.svc.cluster.local';
const absent = () => Promise.reject(new Error(`queryA ENOTFOUND ${NAME}.`));

function setUp(answers: Partial<DnsQueries>) {
  const families = createFamilies();
  const asked: string[] = [];
  const record =
    <T>(query: (name: string) => Promise<T>) =>
    (name: string) => {
      asked.push(name);
      return query(name);
    };
  const resolver = createResolver('destination', families, {
    resolveSrv: record(answers.resolveSrv ?? absent),
    resolve4: record((name) => (answers.resolve4 ?? absent)(name, { ttl: true })),
    resolve6: record((name) => (answers.resolve6 ?? absent)(name, { ttl: true })),
  });
  return { resolver, asked, render: () => families.modern.render() };
}

describe('createResolver()', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['fd00::1', 'fd00::1'],
    ['localhost.', '127.0.0.1'],
  ])('takes %s as it is', async (host, expected) => {
    const { resolver, asked } = setUp({});
    expect(await resolver.resolve(host, 8086)).toEqual({
      addresses: [{ host: expected, port: 8086 }],
      ttlMs: Number.POSITIVE_INFINITY,
    });
    expect(asked).toEqual([]);
  });

  it('reads the pods out of SRV targets, of our port where there are several', async () => {
    const { resolver, asked, render } = setUp({
      resolveSrv: async () => [
        { name: `10-1-2-3.${NAME}`, port: 8086 },
        { name: `10-1-2-3.${NAME}`, port: 9996 },
        { name: `fd00--7.${NAME}`, port: 8086 },
        { name: `web-0.${NAME}`, port: 8086 },
      ],
    });
    expect(await resolver.resolve(NAME, 8086)).toEqual({
      addresses: [
        { host: '10.1.2.3', port: 8086 },
        { host: 'fd00::7', port: 8086 },
      ],
      ttlMs: 5000,
    });
    expect(asked).toEqual([`${NAME}.`]);
    expect(render()).toContain(
      'control_dns_resolutions_total{client="destination",record_type="SRV",result="ok"} 1',
    );
  });

  it('falls back to A and AAAA, for as long as the shortest of them lives but not under five seconds', async () => {
    const { resolver, render } = setUp({
      resolve4: async () => [
        { address: '10.0.0.1', ttl: 30 },
        { address: '10.0.0.2', ttl: 20 },
      ],
    });
    expect(await resolver.resolve(`${NAME}.`, 8086)).toEqual({
      addresses: [
        { host: '10.0.0.1', port: 8086 },
        { host: '10.0.0.2', port: 8086 },
      ],
      ttlMs: 20_000,
    });
    expect(render()).toContain('record_type="SRV",result="not_found"} 1');
    expect(render()).toContain('record_type="A/AAAA",result="ok"} 1');
    const short = setUp({ resolve6: async () => [{ address: 'fd00::1', ttl: 0 }] });
    expect((await short.resolver.resolve(NAME, 1)).ttlMs).toBe(5000);
  });

  it('says that a name leads nowhere', async () => {
    const { resolver, render } = setUp({});
    await expect(resolver.resolve(NAME, 8086)).rejects.toThrow(
      `cannot resolve ${NAME}: queryA ENOTFOUND ${NAME}.`,
    );
    expect(render()).toContain('record_type="A/AAAA",result="not_found"} 1');
  });
});

describe('boundTtl()', () => {
  const ttlOf = async (ttlMs: number, bounds: { minTtlMs: number; maxTtlMs: number }) => {
    const resolver = { resolve: async () => ({ addresses: [{ host: '10.0.0.1', port: 1 }], ttlMs }) };
    return (await boundTtl(resolver, bounds).resolve('web', 1)).ttlMs;
  };

  it('keeps answers within the bounds, never below five seconds, and addresses for ever', async () => {
    const bounds = { minTtlMs: 10_000, maxTtlMs: 60_000 };
    expect(await ttlOf(7000, bounds)).toBe(10_000);
    expect(await ttlOf(90_000, bounds)).toBe(60_000);
    expect(await ttlOf(90_000, { minTtlMs: 0, maxTtlMs: 1000 })).toBe(5000);
    expect(await ttlOf(Number.POSITIVE_INFINITY, bounds)).toBe(Number.POSITIVE_INFINITY);
  });
});
