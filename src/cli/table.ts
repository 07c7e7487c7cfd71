/** Aligned columns of text. */

/**
 * One line a row, columns two blanks apart, the last one ragged; no line ends in
 * blanks. Widths are counted before any colouring, so cells must be plain text.
 */
export function table(rows: readonly (readonly string[])[], indent = ''): readonly string[] {
  const columns = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const widths = Array.from({ length: columns }, (_, column) =>
    rows.reduce((most, row) => Math.max(most, (row[column] ?? '').length), 0),
  );
  return rows.map((row) => {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return `${indent}${cells.join('  ')}`.trimEnd();
  });
}
