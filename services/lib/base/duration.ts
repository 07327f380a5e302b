/** A span of time in milliseconds. */
export type Millis = number;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Parses the proxy's duration syntax: an integer with one of ms, s, m, h, d; the unit may be left out for 0 alone.
 * Returns undefined for anything else. Source: facts sheet proxy-env, "Value syntaxes".
 */
export function parseDuration(text: string): Millis | undefined {
  const match = /^\s*(\d+)(ms|s|m|h|d)?\s*$/.exec(text);
  if (match === null) return undefined;
  const count = Number(match[1]);
  const unit = match[2];
  if (unit === undefined) return count === 0 ? 0 : undefined;
  return count * (UNIT_MS[unit] ?? Number.NaN);
}

const GO_UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Parses a Go duration (`24h0m0s`, `1.5s`, `-20ms`), the syntax of the control plane's flags and chart values.
 * Returns undefined for anything else. Source: pkg.go.dev/time#ParseDuration.
 */
export function parseGoDuration(text: string): Millis | undefined {
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/.exec(text);
  if (match === null) return undefined;
  let total = 0;
  for (const part of (match[2] ?? '').matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(part[1]) * (GO_UNIT_MS[part[2] ?? ''] ?? Number.NaN);
  }
  return match[1] === '-' ? -total : total;
}
