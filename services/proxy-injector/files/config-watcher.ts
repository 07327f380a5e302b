import { dirname } from 'node:path';
import { type Clock, describeError } from '#lib/base';
import { startLevelWatcher } from '#lib/config';
import type { InjectValues } from '#lib/inject';
import type { Logger } from '#lib/telemetry';
import type { ProxyInjectorMetrics } from '../metrics.ts';
import type { ConfigPaths } from './config-files.ts';
import { createValuesStore } from './values-store.ts';

export interface ConfigWatcher {
  /** The last good values; undefined until there are some. */
  get(): InjectValues | undefined;
  /** Resolves when there are good values. */
  untilGood(): Promise<void>;
  /** Looks now. */
  check(): Promise<void>;
  close(): void;
}

export interface ConfigWatcherOptions extends ConfigPaths {
  /** Of the control plane. */
  readonly namespace: string;
  readonly metrics: Pick<ProxyInjectorMetrics, 'countConfigReload' | 'markConfigLook'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly intervalMs: number;
}

/** Reads the values and trust roots, and again as they change. Resolves after the first look, good or not. */
export async function watchConfig(options: ConfigWatcherOptions): Promise<ConfigWatcher> {
  const { valuesFile, trustRootsFile, metrics, log } = options;
  const store = createValuesStore({ ...options, onRefused: (sentence) => log.error(sentence) });
  const good = Promise.withResolvers<void>();
  const look = async () => {
    const result = await store.refresh();
    metrics.markConfigLook();
    if (result !== 'unchanged') metrics.countConfigReload(result);
    if (result === 'updated')
      log.info('configuration read', { values: valuesFile, trustRoots: trustRootsFile });
    if (store.get() !== undefined) good.resolve();
  };
  const watcher = startLevelWatcher({
    directories: [dirname(valuesFile), dirname(trustRootsFile)],
    intervalMs: options.intervalMs,
    look,
    onWatchError: (directory, error) =>
      log.warn('cannot watch a directory; its files are looked at by the timer alone', {
        directory,
        error: describeError(error),
      }),
  });
  await watcher.check();
  return { get: store.get, untilGood: () => good.promise, check: watcher.check, close: watcher.close };
}
