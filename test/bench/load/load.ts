/** Where the load goes, as the client's namespace sees it. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** What a load generator says it did. */
export interface LoadReport {
  /** Requests answered; 0 for TCP. */
  readonly requests: number;
  /** Requests that failed or were answered by anything but a success. */
  readonly failed: number;
  readonly rps: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly gbps: number | null;
  /** Bytes carried; 0 for HTTP. */
  readonly bytes: number;
}

/** How a load generator is run: its command line, and what to make of its output. */
export interface LoadCommand {
  readonly program: string;
  readonly args: readonly string[];
  parse(stdout: string): Promise<LoadReport> | LoadReport;
}

export interface LoadOptions {
  readonly target: Target;
  readonly seconds: number;
  /** For files of one run. */
  readonly dir: string;
}
