import { rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SECRETS } from '#lib/resources';
import { createLogger } from '#lib/telemetry';
import { type FakeApiServer, startFakeApiServer } from '../lib/cluster/testing/api-server.ts';
import { type ProxyInjectorApp, startProxyInjector } from './app.ts';
import { parseProxyInjectorConfig } from './config.ts';
import { PROXY_INJECTOR_TLS_SECRET } from './contract.ts';
import { buildPod } from './fixtures/pods.ts';
import { review } from './testing/api-caller.ts';
import {
  buildNamespace,
  buildWebhookConfiguration,
  createInjectorFolder,
  type InjectorFolder,
  type RunningInjector,
  readSecret,
  readValues,
  runInjector,
  trustRoots,
  until,
} from './testing/injector.ts';

describe('an injector that lacks something', () => {
  let api: FakeApiServer;
  let folder: InjectorFolder;
  let app: ProxyInjectorApp | undefined;
  let lines: string[];
  beforeEach(async () => {
    api = await startFakeApiServer();
    api.put(buildWebhookConfiguration(), buildNamespace('shop'));
    folder = await createInjectorFolder(api.url);
    lines = [];
  });
  afterEach(async () => {
    await app?.close();
    await api.close();
    await folder.remove();
  });
  const start = async (...args: readonly string[]) => {
    const log = createLogger({ target: 'test', write: (line) => lines.push(line) });
    const config = parseProxyInjectorConfig([...folder.args, ...args]);
    app = await startProxyInjector(config, { log, lameDuckMs: 0, lookIntervalMs: 300 });
    return app;
  };
  const readiness = async () => (await fetch(`http://127.0.0.1:${app?.adminPort}/ready`)).status;

  it('is not ready without its values, says so, and goes on when they come', async () => {
    await rm(folder.valuesFile);
    const started = await start();
    await until(() => lines.some((line) => line.includes('mount the ConfigMap linkerd-config there')));
    expect(await readiness()).toBe(500);
    await folder.write('values', await readValues());
    await started.untilReady();
    expect(await readiness()).toBe(200);
  });

  it('is not ready without a certificate that the user is to give', async () => {
    await start('-serving-certificate=given', '-ca-bundle=given');
    await until(() =>
      lines.some((line) => line.includes(`there is no Secret linkerd/${PROXY_INJECTOR_TLS_SECRET}`)),
    );
    expect(await readiness()).toBe(500);
    expect(app?.port).toBeUndefined();
  });

  it('is not ready while it may not write the caBundle', async () => {
    api.forbid({
      group: 'admissionregistration.k8s.io',
      kind: 'MutatingWebhookConfiguration',
      plural: 'mutatingwebhookconfigurations',
      namespaced: false,
    });
    await start();
    await until(() => app?.port !== undefined);
    expect(await readiness()).toBe(500);
    await until(() => lines.some((line) => line.includes('mutatingwebhookconfigurations')));
  });

  it('waits for an API server that comes later, and can be ended before', async () => {
    await api.stop();
    const started = await start();
    expect(await readiness()).toBe(500);
    await api.restart();
    await started.untilReady();
    expect(await readiness()).toBe(200);
  });

  it('ends with a sentence where its port is taken', async () => {
    const started = await start('-addr', '127.0.0.1:0');
    await started.untilReady();
    const config = parseProxyInjectorConfig([...folder.args, '-addr', `127.0.0.1:${started.port}`]);
    const log = createLogger({ target: 'test', level: 'off' });
    const second = await startProxyInjector(config, { log, lameDuckMs: 0 });
    await expect(second.untilReady()).rejects.toThrow(
      /cannot listen on 127\.0\.0\.1:\d+: .*; free the port or give another -addr\./,
    );
    await second.close();
    const admin = parseProxyInjectorConfig([
      ...folder.args,
      '-metrics-addr',
      `127.0.0.1:${started.adminPort}`,
    ]);
    await expect(startProxyInjector(admin, { log })).rejects.toThrow('give another -metrics-addr');
  });

  it('ends with a sentence where there is no cluster', async () => {
    await writeFile(`${folder.path}/kubeconfig`, 'clusters: []');
    await expect(start()).rejects.toThrow(/kubeconfig/);
  });
});

describe('an injector that runs', () => {
  let injector: RunningInjector;
  beforeEach(async () => {
    injector = await runInjector();
  });
  afterEach(() => injector.close());
  const inits = async () => {
    const { patch } = await review(injector, buildPod());
    return patch.find(({ path }) => path === '/spec/initContainers/0')?.value as { args: readonly string[] };
  };

  it('takes over changed values, and keeps the last good ones', async () => {
    expect((await inits()).args).not.toContain('9999');
    const values = await readValues();
    await injector.folder.write('values', values.replaceAll('4567,4568', '9999'));
    await until(async () => (await inits()).args.includes('9999'), 'the reload');
    await injector.folder.write('values', 'broken: [');
    await until(() => injector.lines.some((line) => line.includes('cannot be used: line')), 'the refusal');
    expect((await inits()).args).toContain('9999');
    expect(await injector.metrics()).toContain('proxy_injector_config_reloads_total{result="refused"} 1');
  });

  it('takes over changed trust roots', async () => {
    const roots = trustRoots();
    await injector.folder.write('ca-bundle.crt', roots);
    await until(
      async () =>
        JSON.stringify((await review(injector, buildPod())).patch).includes(
          JSON.stringify(roots).slice(1, -1),
        ),
      'the reload',
    );
  });

  it('serves with another certificate at once when its Secret is made anew, and never with one that is not trusted', async () => {
    const before = readSecret(injector.api, 'tls.crt');
    injector.api.remove(SECRETS, 'linkerd', PROXY_INJECTOR_TLS_SECRET);
    // Each call verifies with the caBundle of its moment, as API servers do.
    await until(async () => {
      await review(injector, buildPod());
      const after = readSecret(injector.api, 'tls.crt');
      return after !== '' && after !== before && (await injector.metrics()).includes('change="loaded"} 2');
    }, 'the renewal');
    await review(injector, buildPod());
  });

  it('goes on injecting while the API server is away', async () => {
    await injector.api.stop();
    expect(
      (await review({ ...injector, caBundle: injector.caBundle }, buildPod())).patch.length,
    ).toBeGreaterThan(5);
    await injector.api.restart();
  });
});
