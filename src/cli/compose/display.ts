/** How the progress of an operation is shown: on a terminal in place, else line by line. All of it on standard error. */
import type { ProgressEvent } from "#compose/engine/types.ts";
import { CliError } from "../errors.ts";
import type { CliHost } from "../host.ts";

export interface Display {
  /** An operation begins: "up", "down". */
  begin(operation: string): void;
  show(event: ProgressEvent): void;
  /** Other text on the same output. */
  write(text: string): Promise<void>;
  end(): Promise<void>;
}

export const DRY_RUN_MARK = "DRY-RUN MODE - ";

export interface DisplayOptions {
  readonly progress: string;
  readonly ansi: string;
  readonly dryRun: boolean;
}

/** @throws CliError for ways of showing that do not exist, or not together */
export async function chooseDisplay(
  host: CliHost,
  { progress, ansi, dryRun }: DisplayOptions,
): Promise<Display> {
  const mark = dryRun ? DRY_RUN_MARK : "";
  const write = (text: string) => host.stderr.write(text);
  switch (progress) {
    case "":
    case "auto":
      return ansi !== "never" && host.stderr.isTerminal()
        ? await terminal(host, mark)
        : lines(write, plainLine, mark);
    case "tty":
      if (ansi === "never") throw new CliError("can't use --progress tty while ANSI support is disabled");
      return await terminal(host, mark);
    case "plain":
      return lines(write, plainLine, mark);
    case "json":
      return lines(write, jsonLine, mark);
    case "quiet":
    case "none":
      return lines(write, () => "", mark);
    default:
      throw new CliError(`unsupported --progress value ${JSON.stringify(progress)}`);
  }
}

async function terminal(host: CliHost, mark: string): Promise<Display> {
  const { TerminalDisplay } = await import("./display-terminal.ts");
  return new TerminalDisplay(host, mark);
}

type LineOf = (event: ProgressEvent, mark: string) => string;

function lines(write: (text: string) => Promise<void>, lineOf: LineOf, mark: string): Display {
  let written = Promise.resolve();
  const queue = (text: string) => {
    if (text !== "") written = written.then(() => write(text));
    return written;
  };
  return {
    begin() {},
    show: (event) => void queue(lineOf(event, mark)),
    write: queue,
    end: () => written,
  };
}

function plainLine({ id, text, details = "" }: ProgressEvent, mark: string): string {
  return `${mark} ${id} ${text} ${details}\n`;
}

const WORDS = { working: "Working", done: "Done", warning: "Warning", error: "Error" } as const;

function jsonLine(
  { id, parent, status, text, details, current, total }: ProgressEvent,
  mark: string,
): string {
  const line = {
    "dry-run": mark !== "" || undefined,
    id,
    parent_id: parent,
    status: WORDS[status],
    text,
    details,
    current: current || undefined,
    total: total || undefined,
    percent: current && total ? Math.floor((current / total) * 100) || undefined : undefined,
  };
  return `${JSON.stringify(line)}\n`;
}
