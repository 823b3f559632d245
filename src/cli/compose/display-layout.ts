/** The picture of an operation on a terminal. Pure: no line is ever wider than the terminal, so that it can be rewritten. */
import type { ProgressEvent } from "#compose/engine/types.ts";
import { humanSize } from "../format/human.ts";

export interface DisplayRow {
  readonly event: ProgressEvent;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  readonly endedMs: number | undefined;
}

export interface FrameOptions {
  readonly operation: string;
  /** Before every name: that this is a dry run. */
  readonly mark: string;
  readonly nowMs: number;
  readonly width: number;
  readonly height: number;
}

const SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const SPIN_MS = 100;
/** How far a layer has come, in eight steps. */
const LEVELS = "⠀⡀⣀⣄⣤⣦⣶⣷⣿";

const GLYPHS = { done: "✔", warning: "!", error: "✘" } as const;
const COLORS = { done: "32", warning: "1;33", error: "1;31", working: "" } as const;
const TIMER_COLOR = "34";

export function layoutFrame(rows: readonly DisplayRow[], options: FrameOptions): string[] {
  const top = rows.filter(({ event }) => event.parent === undefined);
  const done = top.filter(({ event }) => event.status !== "working").length;
  const head = `[+] ${options.operation} ${done}/${top.length}`.slice(0, options.width);
  const room = Math.max(1, options.height - 3);
  const shown = top.slice(0, room);
  const names = shown.map((row) => `${options.mark}${row.event.id}${layersOf(row, rows)}`);
  const column = Math.min(
    Math.max(0, ...names.map((name) => Bun.stringWidth(name))),
    Math.max(10, options.width - 32),
  );
  const lines = shown.map((row, index) => layoutRow(row, { name: names[index]!, column, ...options }));
  const hidden = top.length - shown.length;
  return [head, ...lines, ...(hidden > 0 ? [` ... ${hidden} more`] : [])];
}

interface RowOptions extends FrameOptions {
  readonly name: string;
  readonly column: number;
}

function layoutRow({ event, startedMs, endedMs }: DisplayRow, options: RowOptions): string {
  const { name, column, nowMs, width } = options;
  const timer = `${(((endedMs ?? nowMs) - startedMs) / 1000).toFixed(1)}s`;
  const glyph = event.status === "working" ? spinner(nowMs - startedMs) : GLYPHS[event.status];
  const left = ` ${glyph} ${fit(name, column)}`;
  const room = Math.max(0, width - 1 - (3 + column) - 1 - timer.length - 1);
  const status = `${event.text.split("\n")[0]}${event.details ? ` ${event.details}` : ""}`;
  const text = fit(cut(status, room), room);
  const color = COLORS[event.status];
  const line = `${paint(left, "")} ${paint(text, color)} ${paint(timer, TIMER_COLOR)}`;
  return Bun.stringWidth(line) > width ? cut(`${left} ${text} ${timer}`, width) : line;
}

function spinner(elapsedMs: number): string {
  return SPINNER[Math.floor(Math.max(0, elapsedMs) / SPIN_MS) % SPINNER.length]!;
}

/** " [⣿⣄⠀] 1.2MB / 3.4MB" while an image is fetched. */
function layersOf({ event }: DisplayRow, rows: readonly DisplayRow[]): string {
  if (event.status !== "working") return "";
  const layers = rows.filter((row) => row.event.parent === event.id).map((row) => row.event);
  if (layers.length === 0) return "";
  const glyphs = layers.map(({ status, current = 0, total = 0 }) => {
    const part = status === "done" ? 1 : total > 0 ? Math.min(1, current / total) : 0;
    return LEVELS[Math.floor(part * (LEVELS.length - 1))];
  });
  const sum = (pick: (layer: ProgressEvent) => number | undefined) =>
    layers.reduce((all, layer) => all + (pick(layer) ?? 0), 0);
  const total = sum((layer) => layer.total);
  const sizes = total > 0 ? ` ${humanSize(sum((layer) => layer.current))} / ${humanSize(total)}` : "";
  return ` [${glyphs.join("")}]${sizes}`;
}

function fit(text: string, cells: number): string {
  const shown = cut(text, cells);
  return shown + " ".repeat(Math.max(0, cells - Bun.stringWidth(shown)));
}

function cut(text: string, cells: number): string {
  if (Bun.stringWidth(text) <= cells) return text;
  let shown = "";
  for (const character of text) {
    if (Bun.stringWidth(shown + character) > cells - 1) break;
    shown += character;
  }
  return cells > 0 ? `${shown}…` : "";
}

function paint(text: string, color: string): string {
  return color ? `\x1b[${color}m${text}\x1b[0m` : text;
}
