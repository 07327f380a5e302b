/** What happened to the issuer, or that a workload got a certificate, for whoever operates the mesh. */
export interface IdentityEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason:
    | 'IssuerUpdated'
    | 'IssuerUpdateSkipped'
    | 'IssuerValidationFailed'
    | 'IssuedLeafCertificate';
  readonly message: string;
  /** What it is about; the identity Deployment itself where nothing is given. */
  readonly serviceAccount?: ServiceAccountReference;
}

export interface ServiceAccountReference {
  readonly namespace: string;
  readonly name: string;
  /** `kubectl describe` shows the events that have it. */
  readonly uid?: string;
}

/** Takes events: to the log, or as Events to Kubernetes. Never throws and never blocks. */
export interface EventSink {
  record(event: IdentityEvent): void;
}
