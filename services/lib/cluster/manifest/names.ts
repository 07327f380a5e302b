import { matching } from './shape.ts';

/** Names as Kubernetes takes them. Source: kubernetes.io, "Object Names and IDs". */
const LABEL = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';

export const dnsLabel = matching(
  'a DNS label (at most 63 of a-z, 0-9 and "-", a letter or digit at both ends)',
  new RegExp(`^${LABEL}$`),
  63,
);
/** The names of Services, which also may not begin with a digit (RFC 1035). */
export const dnsServiceLabel = matching(
  'a DNS label that begins with a letter (at most 63 of a-z, 0-9 and "-")',
  /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/,
  63,
);
export const dnsSubdomain = matching(
  'a DNS name (at most 253 of a-z, 0-9, "-" and ".", a letter or digit at the ends of each part)',
  new RegExp(`^${LABEL}(?:\\.${LABEL})*$`),
);
/** What every kind's name must be at least; RBAC names hold colons, for example. */
export const pathSegment = matching('a name without "/" and "%"', /^(?!\.{1,2}$)[^/%]+$/);
/** The name of a port (RFC 6335). */
export const portName = matching(
  'a port name (at most 15 of a-z, 0-9 and "-", a letter among them)',
  /^(?=.*[a-z])[a-z0-9](?:-?[a-z0-9])*$/,
  15,
);
