import { destination } from '#lib/api';
import { describeError, MeshError } from '#lib/base';
import { createGrpcClient, GrpcError, GrpcStatus } from '#lib/grpc';
import { type EndpointRow, readEndpoints } from './endpoint-rows.ts';

const DEADLINE_MS = 10_000;
const UNREACHABLE: readonly GrpcStatus[] = [GrpcStatus.Unavailable, GrpcStatus.DeadlineExceeded];

export interface EndpointQuestion {
  /** `host:port` of a destination service. */
  readonly address: string;
  readonly authority: string;
  /** What a proxy would say of itself; decides about hints for its zone. */
  readonly token: string;
}

/** Asks the destination service for the endpoints of a name. Rejects with DESTINATION_REFUSED or _UNAVAILABLE. */
export async function fetchEndpoints(question: EndpointQuestion): Promise<readonly EndpointRow[]> {
  const { address, authority, token } = question;
  const client = createGrpcClient(destination.Destination, { address, deadlineMs: DEADLINE_MS });
  try {
    // The first answer holds all there are; what follows are changes.
    for await (const { update } of client.get({ path: authority, contextToken: token })) {
      return update.case === 'add' ? readEndpoints(update.value, authority) : [];
    }
    return [];
  } catch (error) {
    throw translateError(error, question);
  } finally {
    client.close();
  }
}

function translateError(error: unknown, { address, authority }: EndpointQuestion): MeshError {
  const refused = error instanceof GrpcError && !UNREACHABLE.includes(error.code);
  const sentence = refused
    ? `the destination service refuses ${JSON.stringify(authority)}: ${describeError(error)}`
    : `the destination service at ${address} does not answer about ${authority}: ${describeError(error)}; see "linkerd local status"`;
  return new MeshError(refused ? 'DESTINATION_REFUSED' : 'DESTINATION_UNAVAILABLE', sentence, {
    cause: error,
  });
}
