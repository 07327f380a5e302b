/** `ask.ts URL [COUNT]`: GETs the URL so many times, one after the other, and prints each answer as a line of JSON. */
import process from 'node:process';

export interface AskedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const [url = '', count = '1'] = process.argv.slice(2);
for (let i = 0; i < Number(count); i++) {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  const answer: AskedAnswer = {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
  };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
