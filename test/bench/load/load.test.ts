import { describe, expect, it } from 'vitest';
import { parseH2load } from './h2load.ts';
import { parseIperf3 } from './iperf3.ts';
import { parseWrk } from './wrk.ts';

describe('parseWrk', () => {
  it('reads the last line, which report.lua prints', () => {
    const stdout = `Running 2s test @ http://127.0.0.1:18080/
  267248 requests in 2.00s, 54.29MB read

{"requests":1000,"durationUs":2000000,"p50Us":228.0,"p99Us":788.0,"badStatus":1,"connect":2,"read":3,"write":4,"timeout":9}
`;
    expect(parseWrk(stdout)).toMatchObject({
      requests: 1000,
      rps: 500,
      p50Ms: 0.228,
      p99Ms: 0.788,
      failed: 10,
    });
  });
});

describe('parseH2load', () => {
  const stdout = `finished in 3.00s, 80801.33 req/s, 5.47MB/s
requests: 100 total, 164 started, 100 done, 98 succeeded, 2 failed, 0 errored, 0 timeout
`;

  it('takes counts from the output and latencies from the log', () => {
    const log = Array.from(
      { length: 100 },
      (_, index) => `1795261854377420\t200\t${(100 - index) * 1000}\n`,
    ).join('');
    expect(parseH2load(stdout, log)).toMatchObject({
      requests: 100,
      failed: 2,
      rps: 80801.33,
      p50Ms: 50,
      p99Ms: 99,
    });
  });

  it('shows the output it cannot read', () => {
    expect(() => parseH2load('unable to connect', '')).toThrow('h2load printed no result: unable to connect');
  });
});

describe('parseIperf3', () => {
  it('takes what the server received', () => {
    const stdout = JSON.stringify({ end: { sum_received: { bits_per_second: 4e9, bytes: 4e9 } } });
    expect(parseIperf3(stdout)).toMatchObject({ gbps: 4, bytes: 4e9, failed: 0 });
  });

  it('passes on why there is nothing', () => {
    expect(() => parseIperf3('{"error":"the server is busy"}')).toThrow('the server is busy');
  });
});
