/** The progress of pulls, loads and imports: bars that move on a terminal, plain lines elsewhere. */
import type { ProgressLine } from "#spec/docker/images.ts";
import { CliError } from "./errors.ts";
import { humanSize } from "./format/human.ts";
import type { Output } from "./host.ts";

/** The widest the bar itself gets, brackets not counted. */
const BAR_CELLS = 50;

/** Room for the numbers beside the bar. */
const NUMBERS_CELLS = 48;

const DEFAULT_SIZE = { height: 24, width: 80 };

/** On a terminal at most this often: thousands of updates come each second. */
const REDRAW_MS = 40;

/** For `--quiet`: errors of the stream are heard all the same. */
export const SILENT: Output = {
  isTerminal: () => false,
  size: () => undefined,
  write: async () => {},
  put: () => undefined,
};

/**
 * Shows a stream until its end.
 * @param onAux gets what the stream says to programs, such as the digest of a push
 * @throws CliError with the engine's words when the stream ends in an error
 */
export async function showProgress(
  lines: AsyncIterable<ProgressLine>,
  output: Output,
  onAux?: (aux: unknown) => void,
): Promise<void> {
  const view = output.isTerminal() ? new TerminalView(output) : new PlainView(output);
  try {
    for await (const line of lines) {
      if (line.errorDetail || line.error) throw new CliError(line.errorDetail?.message ?? line.error!);
      if (line.aux !== undefined) onAux?.(line.aux);
      await view.show(line);
    }
  } finally {
    await view.finish();
  }
}

interface View {
  show(line: ProgressLine): Promise<void>;
  finish(): Promise<void>;
}

/** One line for each fact; what only moves a bar is left out. */
class PlainView implements View {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  async show(line: ProgressLine): Promise<void> {
    if (line.stream !== undefined) return await this.#output.write(line.stream);
    if (line.status === undefined || line.progress || line.progressDetail?.current) return;
    await this.#output.write(`${line.id ? `${line.id}: ` : ""}${line.status}\n`);
  }

  async finish(): Promise<void> {}
}

/**
 * A line for each id, rewritten in place. Lines without an id go above for good, as they come before the first id or
 * after the last.
 */
class TerminalView implements View {
  readonly #output: Output;
  readonly #rows = new Map<string, string>();
  #drawnRows = 0;
  #drawnAt = 0;
  #isStale = false;

  constructor(output: Output) {
    this.#output = output;
  }

  async show(line: ProgressLine): Promise<void> {
    if (line.stream !== undefined || !line.id) {
      await this.#settle();
      return await this.#output.write(
        line.stream ?? `${line.status ?? ""}${line.progress ? ` ${line.progress}` : ""}\n`,
      );
    }
    const { width } = this.#output.size() ?? DEFAULT_SIZE;
    this.#rows.set(line.id, rowText(line, width));
    this.#isStale = true;
    if (performance.now() - this.#drawnAt >= REDRAW_MS) await this.#draw();
  }

  async finish(): Promise<void> {
    if (this.#isStale) await this.#draw();
  }

  /** What is drawn stays; the next row begins a new group below it. */
  async #settle(): Promise<void> {
    await this.finish();
    this.#rows.clear();
    this.#drawnRows = 0;
  }

  async #draw(): Promise<void> {
    const up = this.#drawnRows > 0 ? `\x1b[${this.#drawnRows}A` : "";
    const height = this.#output.size()?.height ?? DEFAULT_SIZE.height;
    const shown = [...this.#rows.values()].slice(-(height - 1)); // rows above the screen's edge cannot be reached
    const rows = shown.map((row) => `\x1b[2K\r${row}\n`);
    this.#drawnRows = rows.length;
    this.#drawnAt = performance.now();
    this.#isStale = false;
    await this.#output.write(up + rows.join(""));
  }
}

/** "a1b2c3: Downloading [====>    ]  1.2MB/3.4MB", cut to the width so that it never wraps. Exported for its test. */
export function rowText({ id, status = "", progressDetail = {} }: ProgressLine, width: number): string {
  const text = `${id}: ${status}`;
  const { current = 0, total = 0, units } = progressDetail;
  if (current <= 0 && total <= 0) return text.slice(0, width);
  const size = (value: number) => (units ? `${value} ${units}` : humanSize(value));
  if (total <= 0 || current > total) return `${text} ${size(current).padStart(8)}`.slice(0, width);
  const cells = Math.min(BAR_CELLS, Math.max(0, width - NUMBERS_CELLS - 2));
  const done = Math.floor((current / total) * cells);
  const bar =
    cells > 0
      ? `[${"=".repeat(done)}${done < cells ? ">" : ""}${" ".repeat(Math.max(0, cells - done - 1))}]  `
      : "";
  return `${text} ${bar}${size(current)}/${size(total)}`.slice(0, width);
}
