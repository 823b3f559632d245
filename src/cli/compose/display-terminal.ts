import type { ProgressEvent } from "#compose/engine/types.ts";
import type { CliHost } from "../host.ts";
import type { Display } from "./display.ts";
import { type DisplayRow, layoutFrame } from "./display-layout.ts";

const TICK_MS = 100;
const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";

/** One row for each thing, rewritten in place while the operation lasts; the last picture stays. */
export class TerminalDisplay implements Display {
  readonly #host: CliHost;
  readonly #mark: string;
  #operation = "";
  #rows = new Map<string, DisplayRow>();
  #drawn = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #written = Promise.resolve();

  constructor(host: CliHost, mark: string) {
    this.#host = host;
    this.#mark = mark;
  }

  begin(operation: string): void {
    this.#operation = operation;
    this.#rows = new Map();
    this.#drawn = 0;
    this.#timer ??= setInterval(() => this.#draw(), TICK_MS);
  }

  show(event: ProgressEvent): void {
    if (!this.#timer) {
      void this.#queue(`${this.#mark} ${event.id} ${event.text} ${event.details ?? ""}\n`);
      return;
    }
    const now = this.#host.now();
    const before = this.#rows.get(event.id);
    const isBegun = before !== undefined && before.event.status === "working";
    this.#rows.set(event.id, {
      event,
      startedMs: isBegun ? before.startedMs : now,
      endedMs: event.status === "working" ? undefined : now,
    });
  }

  write(text: string): Promise<void> {
    const shown = this.#queue(this.#erase() + text);
    this.#drawn = 0;
    return shown;
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#timer && this.#rows.size > 0) {
      this.#draw();
      void this.#queue(SHOW_CURSOR);
    }
    this.#timer = undefined;
    await this.#written;
  }

  #draw(): void {
    if (this.#rows.size === 0) return;
    const { width, height } = this.#host.stderr.size() ?? { width: 80, height: 24 };
    const frame = layoutFrame([...this.#rows.values()], {
      operation: this.#operation,
      mark: this.#mark,
      nowMs: this.#host.now(),
      width,
      height,
    });
    void this.#queue(`${HIDE_CURSOR}${this.#erase()}${frame.map((line) => `${line}\n`).join("")}`);
    this.#drawn = frame.length;
  }

  /** Back to the line where the last picture began, with nothing below. */
  #erase(): string {
    return this.#drawn > 0 ? `\x1b[${this.#drawn}A\r\x1b[J` : "";
  }

  #queue(text: string): Promise<void> {
    this.#written = this.#written.then(() => this.#host.stderr.write(text));
    return this.#written;
  }
}
