const request = Promise.withResolvers<void>();

/** Resolves with SIGTERM, SIGINT, or the first call of `requestShutdown`. */
export const shutdownRequested: Promise<void> = request.promise;

export function requestShutdown(): void {
  request.resolve();
}

// Before the first certificate there is nothing to drain.
process.once('SIGTERM', requestShutdown);
process.once('SIGINT', requestShutdown);
