/** Powers of ten and of two that a quantity's suffix stands for. */
const SUFFIX: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * A Kubernetes quantity (`500m`, `1.5`, `64Mi`, `1e3`, or a bare number) as a number.
 * Returns undefined for anything else. Source: kubernetes.io, "Quantity".
 */
export function parseQuantity(quantity: string | number): number | undefined {
  if (typeof quantity === 'number') return Number.isFinite(quantity) ? quantity : undefined;
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/.exec(
    quantity.trim(),
  );
  if (match === null) return undefined;
  if (match[3] !== undefined) return Number(`${match[1]}e${match[3]}`);
  const factor = SUFFIX[match[2] ?? ''] ?? Number.NaN;
  // Dividing keeps small decimal fractions exact where multiplying by 1e-3 would not.
  return factor < 1 ? Number(match[1]) / Math.round(1 / factor) : Number(match[1]) * factor;
}
