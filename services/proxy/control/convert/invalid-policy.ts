/** Thrown while a message is converted; whoever converts a whole policy catches it and makes an invalid one. */
export class InvalidPolicyError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'InvalidPolicyError';
  }
}

/** The value of a field that must be there. */
export function requireField<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new InvalidPolicyError(`${what} is missing`);
  return value;
}
