import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { GrpcStatus, grpcStatusName, isGrpcStatus } from './status.ts';

test('the codes are those of gRPC', () => {
  const upper = (name: string) => name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
  const ours = Object.fromEntries(Object.entries(GrpcStatus).map(([name, code]) => [upper(name), code]));
  const theirs = Object.fromEntries(Object.entries(status).filter(([, code]) => typeof code === 'number'));
  expect(ours).toEqual(theirs);
});

test('names are those of Go', () => {
  expect(grpcStatusName(GrpcStatus.Ok)).toBe('OK');
  expect(grpcStatusName(GrpcStatus.Cancelled)).toBe('Canceled');
  expect(grpcStatusName(GrpcStatus.InvalidArgument)).toBe('InvalidArgument');
});

test('other numbers are no codes', () => {
  expect([0, 16].every(isGrpcStatus)).toBe(true);
  expect([-1, 17, 1.5, '3', undefined].some(isGrpcStatus)).toBe(false);
});
