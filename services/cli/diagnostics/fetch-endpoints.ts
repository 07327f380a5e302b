import { connect } from 'node:net';
import { destination } from '#lib/api';
import { describeError, MeshError } from '#lib/base';
import { createGrpcClient, GrpcError, GrpcStatus } from '#lib/grpc';
import { type EndpointRow, readEndpoints } from './endpoint-rows.ts';

const CONNECT_TIMEOUT_MS = 5_000;
/** The service answers at once; of a name that has no endpoints it says nothing. */
const ANSWER_TIMEOUT_MS = 2_000;

export interface EndpointQuestion {
  /** Of a destination service. */
  readonly host: string;
  readonly port: number;
  readonly authority: string;
  /** What a proxy would say of itself; decides about hints for its zone. */
  readonly token: string;
}

/** Asks the destination service for the endpoints of a name. Rejects with DESTINATION_REFUSED or _UNAVAILABLE. */
export async function fetchEndpoints(question: EndpointQuestion): Promise<readonly EndpointRow[]> {
  const { host, port, authority, token } = question;
  const client = createGrpcClient(destination.Destination, {
    address: `${host}:${port}`,
    deadlineMs: ANSWER_TIMEOUT_MS,
  });
  try {
    await checkReachable(host, port);
    // The first answer holds all there are; what follows are changes.
    for await (const { update } of client.get({ path: authority, contextToken: token })) {
      return update.case === 'add' ? readEndpoints(update.value, authority) : [];
    }
    return [];
  } catch (error) {
    if (error instanceof GrpcError && error.code === GrpcStatus.DeadlineExceeded) return [];
    throw translateError(error, question);
  } finally {
    client.close();
  }
}

/** Tells a service that has nothing to say from one that is not there. */
function checkReachable(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => socket.destroy(new Error('the connection takes too long')));
    socket.on('error', reject);
  });
}

function translateError(error: unknown, { host, port, authority }: EndpointQuestion): MeshError {
  const refused = error instanceof GrpcError && error.code !== GrpcStatus.Unavailable;
  const sentence = refused
    ? `the destination service refuses ${JSON.stringify(authority)}: ${describeError(error)}`
    : `the destination service at ${host}:${port} cannot be asked about ${authority}: ${describeError(error)}; see "linkerd local status"`;
  return new MeshError(refused ? 'DESTINATION_REFUSED' : 'DESTINATION_UNAVAILABLE', sentence, {
    cause: error,
  });
}
