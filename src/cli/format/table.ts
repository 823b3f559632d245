/**
 * Text in columns, aligned as Go's tabwriter does it, wide characters taking two cells. Plain loops: this runs once in
 * most commands, and the first call of each array method costs a tenth of a millisecond.
 */

export interface TableOptions {
  /** Character cells a column takes at least, its padding included. Default 10. */
  readonly minWidth?: number;
  /** Spaces between the widest cell and the next column. Default 3. */
  readonly padding?: number;
}

/**
 * Each row's last cell ends its line and is not padded. A column is as wide as its widest cell among the rows directly
 * above and below that have it too.
 * @returns lines, each ended by "\n"
 */
export function alignRows(
  cells: readonly (readonly string[])[],
  { minWidth = 10, padding = 3 }: TableOptions = {},
): string {
  const rows = haveBreaks(cells) ? cells.flatMap(splitAtBreaks) : cells;
  const widths = columnWidths(rows, { minWidth, padding });
  let text = "";
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!;
    const last = row.length - 1;
    for (let column = 0; column < last; column++) text += padEnd(row[column]!, widths[column]![index]!);
    text += `${row[last] ?? ""}\n`;
  }
  return text;
}

/** For each column the width it has in each row: the same in a run of rows that have a cell after it. */
function columnWidths(rows: readonly (readonly string[])[], options: Required<TableOptions>): number[][] {
  let columns = 0;
  for (const row of rows) if (row.length > columns) columns = row.length;
  const widths: number[][] = [];
  for (let column = 0; column < columns - 1; column++) widths.push(widthsOf(rows, column, options));
  return widths;
}

function widthsOf(
  rows: readonly (readonly string[])[],
  column: number,
  { minWidth, padding }: Required<TableOptions>,
): number[] {
  const widths: number[] = [];
  for (let first = 0; first < rows.length; first++) {
    let width = minWidth;
    let end = first;
    for (; end < rows.length && rows[end]!.length > column + 1; end++) {
      const needed = Bun.stringWidth(rows[end]![column]!) + padding;
      if (needed > width) width = needed;
    }
    for (; first < end; first++) widths[first] = width;
  }
  return widths;
}

function haveBreaks(rows: readonly (readonly string[])[]): boolean {
  for (const row of rows) for (const cell of row) if (cell.includes("\n") || cell.includes("\t")) return true;
  return false;
}

/** A line break inside a cell ends its line, a tab begins a cell. */
function splitAtBreaks(row: readonly string[]): readonly string[][] {
  return row
    .join("\t")
    .split("\n")
    .map((line) => line.split("\t"));
}

function padEnd(text: string, width: number): string {
  return text + " ".repeat(width - Bun.stringWidth(text));
}

/** Shortens to `maxCells` character cells with "…" at the end. Wide characters count two. */
export function ellipsis(text: string, maxCells: number): string {
  if (Bun.stringWidth(text) <= maxCells) return text;
  let shown = "";
  for (const character of text) {
    if (Bun.stringWidth(shown + character) > maxCells - 1) break;
    shown += character;
  }
  return `${shown}…`;
}
