/** Where the servers of a pod listen (pods/servers.ts). */
export const PORT = {
  ready: 8079,
  echo: 8080,
  echoH2: 8081,
  grpc: 8082,
  nginx: 8083,
  nginxH2: 8084,
  haproxy: 8085,
  haproxyH2: 8086,
  websocket: 8087,
  tls: 8443,
  /** Opaque by default, and the same server on a port whose protocol is detected. */
  postgres: 5432,
  postgresDetected: 15_432,
  redis: 6379,
  redisDetected: 16_379,
  /** Detected, though its server speaks first, and the same server on a port that is said to be opaque. */
  nats: 4222,
  natsOpaque: 14_222,
} as const;

/** Where the reverse proxies of the pod `gateways` listen (pods/gateways.ts). */
export const GATEWAY_PORT = { ready: 8079, nginx: 8090, haproxy: 8091 } as const;
