import { hostname } from 'node:os';
import { describeError } from '#lib/base';
import {
  type ConnectionOptions,
  createEventRecorder,
  createKubernetesClient,
  type KubernetesClient,
  loadKubernetesConnection,
  type ObjectReference,
  reviewOwnAccess,
  reviewToken,
} from '#lib/cluster';
import type { Logger } from '#lib/telemetry';
import type { IdentityConfig } from '../config.ts';
import { IDENTITY_DEPLOYMENT } from '../contract.ts';
import type { EventSink, IdentityEvent } from '../core/event.ts';
import type { TokenReviewer } from '../core/token-reviewer.ts';
import { createStartError } from '../errors.ts';

/** What the Kubernetes API does for the service. */
export interface KubernetesApi {
  readonly reviewer: TokenReviewer;
  readonly events: EventSink;
  /** Sends the events that are still waiting, for 2 s at most. */
  close(): Promise<void>;
}

const ACCESS_TIMEOUT_MS = 5000;

/**
 * Finds the API that `connection` describes. Rejects with a MeshError where there is none to be found, or where we may
 * not have tokens reviewed; an API that does not answer yet is only warned of.
 */
export async function connectKubernetes(
  connection: ConnectionOptions,
  config: IdentityConfig,
  log: Logger,
): Promise<KubernetesApi> {
  const client = createKubernetesClient(await loadKubernetesConnection(connection), {
    log,
    userAgent: IDENTITY_DEPLOYMENT,
    qps: config.kubeApiClientQps,
    burst: config.kubeApiClientBurst,
  });
  try {
    await checkAccess(client, log);
  } catch (error) {
    client.close();
    throw error;
  }
  const recorder = createEventRecorder(client, { component: IDENTITY_DEPLOYMENT, host: hostname(), log });
  return {
    reviewer: {
      review: (token, audience) =>
        reviewToken(client, { token, audiences: audience === undefined ? [] : [audience] }),
    },
    events: {
      record: ({ type, reason, message, serviceAccount }) =>
        recorder.record({ type, reason, message, regarding: referTo(serviceAccount, config) }),
    },
    async close() {
      await recorder.close();
      client.close();
    },
  };
}

async function checkAccess(client: KubernetesClient, log: Logger): Promise<void> {
  const attributes = {
    resourceAttributes: { verb: 'create', group: 'authentication.k8s.io', resource: 'tokenreviews' },
  };
  const review = await reviewOwnAccess(client, attributes, { timeoutMs: ACCESS_TIMEOUT_MS }).catch(
    (error: unknown) => {
      log.warn('the Kubernetes API could not be asked whether tokens may be reviewed; going on', {
        error: describeError(error),
      });
      return undefined;
    },
  );
  if (review === undefined || review.allowed) return;
  throw createStartError(
    'IDENTITY_TOKEN_REVIEW_FORBIDDEN',
    'The service account may not have tokens reviewed, so no proxy could get a certificate; give it the verb create on tokenreviews.authentication.k8s.io by a ClusterRole.',
  );
}

function referTo(account: IdentityEvent['serviceAccount'], config: IdentityConfig): ObjectReference {
  if (account !== undefined) return { apiVersion: 'v1', kind: 'ServiceAccount', ...account };
  const namespace = config.controllerNamespace;
  return { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: IDENTITY_DEPLOYMENT };
}
