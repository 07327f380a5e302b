/** The rows of a printed table, by the titles of their columns; cells are at least two blanks apart. */
export function readTable(text: string): readonly Readonly<Record<string, string>>[] {
  const [header = [], ...rows] = text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/));
  return rows.map((cells) => Object.fromEntries(header.map((title, column) => [title, cells[column] ?? ''])));
}
