/**
 * Says what reached it: HTTP/1 on PORT, HTTP/2 by prior knowledge on H2_PORT. `GET /seen` answers how many requests
 * there were, itself left out; `/bytes?N` answers N bytes.
 */
import { createServer as createHttp1 } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import process from 'node:process';

let seen = 0;

interface Answer {
  readonly body: string;
}

function answer(method: string, url: string, headers: unknown, body: string): Answer {
  if (url === '/seen') return { body: String(seen) };
  seen++;
  const bytes = /^\/bytes\?(\d+)$/.exec(url);
  if (bytes !== null) return { body: 'x'.repeat(Number(bytes[1])) };
  return { body: JSON.stringify({ method, url, headers, body }) };
}

createHttp1((request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => {
    body += chunk.toString('latin1');
  });
  request.on('end', () =>
    response.end(answer(request.method ?? '', request.url ?? '', request.headers, body).body),
  );
}).listen(Number(process.env['PORT']));

createHttp2()
  .on('request', (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('latin1');
    });
    request.on('end', () =>
      response.end(answer(request.method, request.url, { ...request.headers }, body).body),
    );
  })
  .listen(Number(process.env['H2_PORT']));

process.on('SIGTERM', () => process.exit(0));
