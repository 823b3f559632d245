import { EngineError } from "#base/errors.ts";

/** Where in a Compose file something stands; lines and columns count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface ComposeFileErrorOptions {
  readonly position?: Position;
  /** In the document: "services.web.ports[0]". */
  readonly path?: string;
  /** The offending line of the file, as it stands there. */
  readonly sourceLine?: string;
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * Something is wrong in what a project's files say. The message is complete: `FILE:LINE:COLUMN: PATH: REASON`, then the
 * offending line with a mark below the column.
 */
export class ComposeFileError extends EngineError {
  override readonly name = "ComposeFileError";
  readonly kind = "invalidArgument";
  readonly reason: string;
  readonly position: Position | undefined;
  readonly path: string | undefined;

  constructor(reason: string, options: ComposeFileErrorOptions = {}) {
    super(messageOf(reason, options), { cause: options.cause, hint: options.hint });
    this.reason = reason;
    this.position = options.position;
    this.path = options.path;
  }
}

function messageOf(reason: string, { position, path, sourceLine }: ComposeFileErrorOptions): string {
  const place = position ? `${position.file}:${position.line}:${position.column}: ` : "";
  const head = `${place}${path ? `${path}: ` : ""}${reason}`;
  if (!position || sourceLine === undefined) return head;
  const line = String(position.line);
  // Tabs stay tabs below the line, so that the mark stands under its column whatever a tab's width.
  const indent = sourceLine.slice(0, position.column - 1).replace(/[^\t]/g, " ");
  return `${head}\n  ${line} | ${sourceLine}\n  ${" ".repeat(line.length)} | ${indent}^`;
}
