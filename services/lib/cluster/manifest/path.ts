/** The way to a value in a document: map keys and list indexes. */
export type FieldPath = readonly (string | number)[];

/** `spec.ports[0].port`; keys that hold other characters are quoted: `labels["a.b/c"]`. */
export function formatPath(path: FieldPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!/^[\w-]+$/.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}
