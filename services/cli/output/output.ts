/** Where a command writes. Tests pass their own. */
export interface Output {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/** A line for people who watch: `√` done, `‼` look at this, `×` failed. */
export type Glyph = '√' | '‼' | '×';

export function printLine(output: Output, text: string): void {
  output.stdout(`${text}\n`);
}

export function printJson(output: Output, value: unknown): void {
  output.stdout(`${JSON.stringify(value, null, 2)}\n`);
}
