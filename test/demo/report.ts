/** Something that the demo claims, and the figures it claims it from. */
export interface Proof {
  readonly title: string;
  readonly holds: boolean;
  readonly figures: readonly string[];
}

export interface Report {
  heading(text: string): void;
  /** Text as it is, indented. */
  block(text: string): void;
  say(glyph: '√' | '‼' | '×' | '·', sentence: string): void;
  /** Prints a proof and keeps it for `failed`. */
  prove(proof: Proof): void;
  /** The proofs that did not hold so far. */
  failed(): readonly Proof[];
  /** How many proofs there are so far. */
  count(): number;
}

export function createReport(write: (text: string) => unknown): Report {
  const proofs: Proof[] = [];
  const startedMs = performance.now();
  const say: Report['say'] = (glyph, sentence) => write(`  ${glyph} ${sentence}\n`);
  return {
    heading(text) {
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      write(`\n${text}  (${seconds} s)\n${'─'.repeat(text.length)}\n`);
    },
    block: (text) => write(`${text.replace(/^(?=.)/gm, '    ').trimEnd()}\n`),
    say,
    prove(proof) {
      proofs.push(proof);
      say(proof.holds ? '√' : '×', proof.title);
      for (const figure of proof.figures) write(`      ${figure}\n`);
    },
    failed: () => proofs.filter(({ holds }) => !holds),
    count: () => proofs.length,
  };
}
