import type { LogSink } from "#compose/engine/follow/lines.ts";
import type { CliHost } from "../host.ts";

export interface LogPrinterOptions {
  readonly hasColor: boolean;
  readonly hasPrefix: boolean;
  /** When a line came, before it. */
  readonly timestamps: boolean;
  /** Containers that will be heard of: their names' lengths align the lines from the first one on. */
  readonly sources?: readonly string[];
}

/** Cyan, yellow, green, magenta, blue, and the same again brighter. */
const COLORS = ["36", "33", "32", "35", "34", "36;1", "33;1", "32;1", "35;1", "34;1"];

/** Lines of many containers, each after its name, in its colour. */
export class LogPrinter implements LogSink {
  readonly #host: CliHost;
  readonly #options: LogPrinterOptions;
  readonly #colors = new Map<string, string>();
  #width = 0;

  constructor(host: CliHost, options: LogPrinterOptions) {
    this.#host = host;
    this.#options = options;
    for (const source of options.sources ?? []) this.#register(source);
  }

  async line(source: string, text: string, isError: boolean): Promise<void> {
    const output = isError ? this.#host.stderr : this.#host.stdout;
    const time = this.#options.timestamps ? `${new Date(this.#host.now()).toISOString()} ` : "";
    await output.write(`${this.#prefix(source)}${time}${text}\n`);
  }

  async status(source: string, text: string): Promise<void> {
    const line = source === "" ? text : this.#paint(source, `${source} ${text}`);
    await this.#host.stdout.write(`${line}\n`);
  }

  #prefix(source: string): string {
    this.#register(source);
    return this.#options.hasPrefix ? this.#paint(source, `${source.padEnd(this.#width)} | `) : "";
  }

  #register(source: string): void {
    if (this.#colors.has(source)) return;
    this.#colors.set(source, COLORS[this.#colors.size % COLORS.length]!);
    this.#width = Math.max(this.#width, source.length + 1);
  }

  #paint(source: string, text: string): string {
    const color = this.#options.hasColor ? this.#colors.get(source) : undefined;
    return color ? `\x1b[${color}m${text}\x1b[0m` : text;
  }
}
