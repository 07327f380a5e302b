import { describe, expect, it } from 'vitest';
import { createLogger, LogFilter } from '#lib/telemetry';
import { type AdminRequest, type AdminState, answerAdmin } from './routes.ts';

function ask(path: string, request: Partial<AdminRequest> = {}, state: Partial<AdminState> = {}) {
  return answerAdmin(
    { method: 'GET', path, clientIp: '127.0.0.1', accept: '', body: '', ...request },
    {
      isReady: () => true,
      describeWait: () => undefined,
      renderMetrics: () => ['up 1\n'],
      logFilter: new LogFilter('warn,linkerd=info'),
      environment: { HOME: '/', 'A B': 'c' },
      shutdown: undefined,
      ...state,
    },
  );
}

const REMOTE = { clientIp: '10.0.0.9' };
const LOCAL_ONLY = { status: 403, body: 'Requests are only permitted from localhost.' };

describe('answerAdmin', () => {
  it('/live and /ready answer any method from anywhere', () => {
    for (const method of ['GET', 'HEAD', 'POST']) {
      expect(ask('/live', { method, ...REMOTE })).toEqual({ status: 200, body: 'live\n' });
      expect(ask('/ready?x', { method, ...REMOTE })).toEqual({ status: 200, body: 'ready\n' });
    }
    expect(ask('/ready', {}, { isReady: () => false })).toEqual({ status: 503, body: 'not ready\n' });
    const describeWait = () => 'waiting for a certificate';
    expect(ask('/ready', {}, { isReady: () => false, describeWait })).toEqual({
      status: 503,
      body: 'not ready\nwaiting for a certificate\n',
    });
  });

  it('/metrics is text', () => {
    expect(ask('/metrics', REMOTE)).toEqual({
      status: 200,
      body: '',
      slices: ['up 1\n'],
      headers: { 'content-type': 'text/plain' },
    });
  });

  it('/proxy-log-level shows and sets the filter, from this pod only', () => {
    const logFilter = new LogFilter('warn');
    const put = (body: string) => ask('/proxy-log-level', { method: 'PUT', body }, { logFilter });
    expect(ask('/proxy-log-level', {}, { logFilter })).toEqual({ status: 200, body: 'warn\n' });
    expect(put('debug\n')).toEqual({ status: 204, body: '' });
    expect(logFilter.text).toBe('debug');
    expect(put('linkerd=loud')).toMatchObject({ status: 400, body: expect.stringContaining('linkerd=loud') });
    expect(logFilter.text).toBe('debug');
    expect(ask('/proxy-log-level', { method: 'POST' })).toEqual({
      status: 405,
      body: '',
      headers: { allow: 'GET,PUT' },
    });
    expect(ask('/proxy-log-level', { method: 'PUT', body: 'off', ...REMOTE })).toEqual(LOCAL_ONLY);
  });

  it('/proxy-log-level changes what a running logger writes, by target', () => {
    const logFilter = new LogFilter('warn,linkerd=info,[{headers}]=off,[{request}]=off');
    const lines: string[] = [];
    const log = createLogger({
      target: 'linkerd_app',
      level: logFilter,
      style: 'tracing',
      format: 'JSON',
      write: (line) => lines.push(line),
    });
    const inbound = log.child('linkerd_app_inbound');
    inbound.debug('too early');
    const body = 'warn,linkerd=info,linkerd_app_inbound=debug,[{headers}]=off,[{request}]=off';
    expect(ask('/proxy-log-level', { method: 'PUT', body }, { logFilter }).status).toBe(204);
    inbound.debug('now', { port: 80 });
    log.child('linkerd_app_outbound').debug('too much');
    log.child('hyper').info('too much');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({
        level: 'DEBUG',
        target: 'linkerd_app_inbound',
        fields: { message: 'now', port: 80 },
      }),
    ]);
  });

  it('/proxy-log-level is not there when logs are off altogether', () => {
    for (const method of ['GET', 'PUT'])
      expect(ask('/proxy-log-level', { method, body: 'info' }, { logFilter: undefined }).status).toBe(404);
  });

  it('/env.json shows the environment, whole or by names', () => {
    expect(JSON.parse(ask('/env.json').body)).toEqual({ HOME: '/', 'A B': 'c' });
    expect(JSON.parse(ask('/env.json?HOME&A%20B&NONE').body)).toEqual({ HOME: '/', 'A B': 'c', NONE: null });
    expect(ask('/env.json', { accept: 'text/html, application/json;q=0.9' }).status).toBe(200);
    expect(ask('/env.json', { accept: 'text/html' }).status).toBe(406);
    expect(ask('/env.json?HOME=1').status).toBe(400);
    expect(ask('/env.json', { method: 'PUT' })).toMatchObject({ status: 405, headers: { allow: 'GET' } });
  });

  it('/env.json survives a badly encoded name', () => {
    expect(ask('/env.json?%zz').status).toBe(400);
    expect(ask('/env.json?%ff').status).toBe(400);
  });

  it('/shutdown works by POST from this pod, where it is enabled', () => {
    let shutdowns = 0;
    const enabled = { shutdown: () => shutdowns++ };
    expect(ask('/shutdown', { method: 'POST' }, enabled)).toEqual({ status: 200, body: 'shutdown\n' });
    expect(shutdowns).toBe(1);
    expect(ask('/shutdown', { method: 'POST', ...REMOTE }, enabled)).toEqual(LOCAL_ONLY);
    expect(ask('/shutdown', { method: 'POST' })).toEqual({
      status: 404,
      body: 'shutdown endpoint is not enabled\n',
    });
    expect(ask('/shutdown', {}, enabled)).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    expect(shutdowns).toBe(1);
  });

  it('knows no other path', () => {
    for (const path of ['/', '/metricsx', '/live/', '']) expect(ask(path).status).toBe(404);
  });
});
