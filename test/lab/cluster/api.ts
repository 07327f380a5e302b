import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { MeshError } from '#lib/base';
import { SERVER } from '../config.ts';
import { certificateFile, keyFile } from './pki.ts';

const REQUEST_TIMEOUT_MS = 5_000;

/**
 * Gets a path from the API server as its administrator.
 *
 * @throws MeshError LAB_API when it can't be reached or answers with another status than 200.
 */
export async function getFromApi(path: string): Promise<string> {
  const [ca, cert, key] = await Promise.all(
    [certificateFile('ca'), certificateFile('admin'), keyFile('admin')].map((file) => readFile(file)),
  );
  return new Promise((resolve, reject) => {
    const refuse = (what: string): void => reject(new MeshError('LAB_API', `${SERVER}${path}: ${what}`));
    const options = { ca, cert, key, agent: false, timeout: REQUEST_TIMEOUT_MS } as const;
    const sent = request(`${SERVER}${path}`, options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.once('error', (error) => refuse(error.message));
      response.once('end', () =>
        response.statusCode === 200 ? resolve(body) : refuse(`${response.statusCode}: ${body}`),
      );
    });
    sent.once('timeout', () => sent.destroy(new Error('no answer')));
    sent.once('error', (error) => refuse(error.message));
    sent.end();
  });
}

interface Condition {
  readonly type: string;
  readonly status: string;
}

interface WithConditions {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/**
 * @param path of one object.
 * @throws MeshError LAB_API while its condition is not "True".
 */
export async function requireCondition(path: string, type: string): Promise<void> {
  const object = JSON.parse(await getFromApi(path)) as WithConditions;
  if (!hasCondition(object, type)) throw new MeshError('LAB_API', `${path} is not ${type} yet`);
}

/** How many pods there are in the cluster, and how many of them are ready. */
export async function countPods(): Promise<{ readonly total: number; readonly ready: number }> {
  const { items } = JSON.parse(await getFromApi('/api/v1/pods')) as { items: WithConditions[] };
  return { total: items.length, ready: items.filter((pod) => hasCondition(pod, 'Ready')).length };
}

function hasCondition({ status }: WithConditions, type: string): boolean {
  return (
    status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false
  );
}
