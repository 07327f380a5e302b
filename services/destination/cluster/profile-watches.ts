import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '#lib/telemetry';
import type { ProfileTarget } from '../core/authority.ts';
import type { ClientContext } from '../core/context-token.ts';
import { computeProfile, type ProfileAnswer } from '../core/profile/compute-profile.ts';
import type { Profile } from '../core/profile/profile.ts';
import type { DestinationSettings } from '../core/settings.ts';
import type { DestinationMetrics } from '../metrics.ts';
import type { Reactor } from './reactor.ts';
import { createSharedWatches } from './shared-watches.ts';

/** Watches on profiles, shared by all who get the same answer. */
export interface ProfileWatches {
  /**
   * Tells the listener of the profile before it returns, and then of every other one.
   * Returns what ends it. Throws a LookupError where there is none.
   */
  watch(target: ProfileTarget, client: ClientContext, listener: ProfileListener): () => void;
}

export type ProfileListener = (profile: Profile) => void;

export interface ProfileWatchesOptions {
  readonly reactor: Reactor;
  readonly settings: DestinationSettings;
  readonly metrics: DestinationMetrics;
  readonly log: Logger;
}

interface Question {
  readonly target: ProfileTarget;
  readonly clientNamespace: string;
  readonly nodeName: string;
}

export function createProfileWatches(options: ProfileWatchesOptions): ProfileWatches {
  const watches = createSharedWatches((_key: string, question: Question) => openWatch(question, options));
  return {
    watch(target, { namespace, nodeName }, listener) {
      const question = { target, clientNamespace: namespace, nodeName };
      const shared = watches.acquire(JSON.stringify(question), question);
      const stop = shared.value.subscribe(listener);
      return () => {
        stop();
        shared.release();
      };
    },
  };
}

function openWatch(question: Question, { reactor, settings, metrics, log }: ProfileWatchesOptions) {
  const listeners = new Set<ProfileListener>();
  const logWarnings = ({ warnings }: ProfileAnswer, before: readonly string[]) => {
    for (const warning of warnings) if (!before.includes(warning)) log.warn(warning);
  };
  const derived = reactor.derive<ProfileAnswer>({
    compute: (view, previous) => {
      const answer = computeProfile({ view, settings, ...question });
      return isDeepStrictEqual(answer, previous) ? (previous as ProfileAnswer) : answer;
    },
    onChange: (answer, before) => {
      logWarnings(answer, before.warnings);
      if (isDeepStrictEqual(answer.profile, before.profile)) return;
      series.updates.inc();
      for (const listener of [...listeners]) listener(answer.profile);
    },
    // A Service that is gone, two pods with one IP for a moment: what was known before is the better answer.
    onError: (error) => log.debug('profile kept as it was', { error }),
  });
  const series = metrics.openProfile(question.target);
  logWarnings(derived.value, []);
  return {
    subscribe(listener: ProfileListener) {
      listeners.add(listener);
      series.changeSubscribers(1);
      listener(derived.value.profile);
      return () => {
        if (listeners.delete(listener)) series.changeSubscribers(-1);
      };
    },
    stop() {
      derived.stop();
      series.close();
    },
  };
}
