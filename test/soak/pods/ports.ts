/** Where the soak's app listens. */
export const PORT = { http: 8080, http2: 8081, grpc: 8082, opaque: 9100, detected: 9101 } as const;
/** Where the traffic gives its account. */
export const ACCOUNT_PORT = 9000;
