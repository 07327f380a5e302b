import { GrpcError, GrpcStatus } from '#lib/grpc';
import { parseWorkload, type Workload } from '../core/workload.ts';

/** The workload that a request names. Throws InvalidArgument. */
export function checkWorkload(text: string): Workload {
  const workload = parseWorkload(text);
  if (workload !== undefined) return workload;
  throw new GrpcError(GrpcStatus.InvalidArgument, `invalid workload: "${text}"`);
}

/** A port that can be dialled. Throws InvalidArgument. */
export function checkPort(port: number): number {
  if (port >= 1 && port <= 65_535) return port;
  throw new GrpcError(GrpcStatus.InvalidArgument, `invalid port: ${port}`);
}
