/**
 * Can this endpoint take a request now? One answer for balancing, fail-fast, load shedding and circuit breaking
 * (design D8):
 *
 *     idle ──connect──► connecting ──► ready ◄──► saturated
 *      ▲                   │  ▲          │
 *      └────── closed ─────┘  └─ backoff ◄┘ (connection lost or refused)
 *     any ──► ejected (breaker, later back to ready)      any ──► draining (removed: in-flight ones complete)
 */
export type Readiness = 'idle' | 'connecting' | 'ready' | 'saturated' | 'backoff' | 'ejected' | 'draining';
