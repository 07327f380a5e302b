import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '#lib/telemetry';
import { type FakeApiServer, startFakeApiServer } from '../testing/api-server.ts';
import { reviewAccess, reviewOwnAccess } from './access-review.ts';
import type { KubernetesClient } from './client.ts';
import { createKubernetesClient } from './http-client.ts';
import { reviewToken } from './token-review.ts';

const USER = 'system:serviceaccount:shop:web';
const AUDIENCE = 'identity.l5d.io';
const READ_PODS = { resourceAttributes: { verb: 'get', group: '', resource: 'pods', namespace: 'shop' } };

let api: FakeApiServer;
let client: KubernetesClient;
beforeEach(async () => {
  api = await startFakeApiServer();
  client = createKubernetesClient(api.connection, {
    log: createLogger({ target: 'test', level: 'off' }),
    userAgent: 'test/1',
  });
});
afterEach(async () => {
  client.close();
  await api.close();
});

describe('reviewToken', () => {
  beforeEach(() => {
    api.reviews.tokens.set('good', { username: USER, groups: ['g'], audiences: [AUDIENCE] });
  });

  it('says whose token it is', async () => {
    expect(await reviewToken(client, { token: 'good', audiences: [AUDIENCE] })).toEqual({
      authenticated: true,
      username: USER,
      uid: '1',
      groups: ['g'],
      error: '',
    });
    expect(api.requests[0]?.body).toMatchObject({
      kind: 'TokenReview',
      spec: { token: 'good', audiences: [AUDIENCE] },
    });
  });

  it.each([
    ['bad', [AUDIENCE], 'invalid bearer token'],
    ['good', ['other'], 'token audiences'],
    ['good', [], 'token audiences'],
  ])('refuses token %s for %j', async (token, audiences, error) => {
    const review = await reviewToken(client, { token, audiences });
    expect(review).toMatchObject({ authenticated: false, username: '' });
    expect(review.error).toContain(error);
  });

  it('takes nobody at the word of a server that has not looked at the audiences', async () => {
    const body = JSON.stringify({ status: { authenticated: true, user: { username: USER } } });
    api.faults.answer({ status: 201, body });
    const review = await reviewToken(client, { token: 'good', audiences: [AUDIENCE] });
    expect(review).toMatchObject({ authenticated: false, username: '' });
    expect(review.error).toContain('did not check the token audiences');
  });

  it('asks again when the server stumbles, and rejects when nobody answers', async () => {
    api.faults.answer({ status: 503 });
    expect(await reviewToken(client, { token: 'good', audiences: [AUDIENCE] })).toMatchObject({
      username: USER,
    });
    api.faults.answer({ status: 403 });
    await expect(reviewToken(client, { token: 'good' })).rejects.toMatchObject({ status: 403 });
  });
});

describe('reviewAccess and reviewOwnAccess', () => {
  it('say whether somebody may do something, or we', async () => {
    api.reviews.decideAccess = ({ user, resourceAttributes }) =>
      user === USER && resourceAttributes?.['verb'] === 'get';
    expect(await reviewAccess(client, { user: USER }, READ_PODS)).toEqual({ allowed: true, reason: '' });
    expect(await reviewAccess(client, { user: 'eve' }, READ_PODS)).toEqual({
      allowed: false,
      reason: 'the fake says no',
    });
    expect(await reviewOwnAccess(client, READ_PODS)).toMatchObject({ allowed: false });
    expect(api.requests.map(({ path }) => path)).toEqual([
      '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    ]);
  });

  it('take an answer without a verdict for a no', async () => {
    api.faults.answer({ status: 201, body: '{}' });
    expect(await reviewOwnAccess(client, READ_PODS)).toMatchObject({ allowed: false });
  });
});
