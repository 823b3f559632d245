import { fstatSync, writeSync } from "node:fs";
import { Terminal, type TerminalSize } from "./terminal.ts";

/** Where text and bytes go. A write resolves when the system has taken it, so order holds across outputs. */
export interface Output {
  write(data: string | Uint8Array): Promise<void>;
  /** As `write` of the bytes from `begin` to `end`, for bulk: a promise only where the system does not take it at once. */
  put(data: Uint8Array, begin?: number, end?: number): Promise<void> | undefined;
  isTerminal(): boolean;
  /** Undefined where there is no terminal. */
  size(): TerminalSize | undefined;
}

export interface Input {
  stream(): AsyncIterable<Uint8Array>;
  isTerminal(): boolean;
  /** Until disposed, every key is read as it is pressed and nothing is shown by the terminal itself. */
  enterRawMode(): Disposable;
  /** As raw mode, but Ctrl+C and the like still send signals, and output is as ever. */
  enterKeyMode(): Disposable;
  /** Until disposed, what is typed is not shown. */
  hideTyping(): Disposable;
}

/** What the command line needs of the process around it. */
export interface CliHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly uid: number;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Milliseconds since 1970. */
  now(): number;
  /** Starts an engine at the default socket and resolves when it answers. Absent: none can be started. */
  readonly startEngine?: () => Promise<void>;
}

/**
 * The host of a real process. `process.stdout` and `process.stdin` are never touched: loading them costs 6 ms.
 * @param startEngine see CliHost
 */
export function createCliHost(startEngine?: () => Promise<void>): CliHost {
  const terminal = new Terminal();
  return {
    env: process.env,
    cwd: process.cwd(),
    uid: process.getuid?.() ?? -1,
    stdin: {
      stream: () => Bun.stdin.stream() as unknown as AsyncIterable<Uint8Array>,
      isTerminal: () => terminal.isTerminal(0),
      enterRawMode: () => terminal.enterRawMode(0),
      enterKeyMode: () => terminal.enterKeyMode(0),
      hideTyping: () => terminal.hideTyping(0),
    },
    stdout: new FileOutput(1, terminal),
    stderr: new FileOutput(2, terminal),
    now: () => Date.now(),
    ...(startEngine ? { startEngine } : {}),
  };
}

/** Major 1, minor 3. */
const NULL_DEVICE = 0x103;

class FileOutput implements Output {
  readonly #fd: 1 | 2;
  readonly #terminal: Terminal;
  #sink: Bun.FileSink | undefined;
  #isPatient: boolean | undefined;

  constructor(fd: 1 | 2, terminal: Terminal) {
    this.#fd = fd;
    this.#terminal = terminal;
  }

  async write(data: string | Uint8Array): Promise<void> {
    if (data.length > 0) await this.#send(data);
  }

  put(data: Uint8Array, begin = 0, end = data.byteLength): Promise<void> | undefined {
    this.#isPatient ??= takesAllAtOnce(this.#fd);
    if (this.#isPatient && !this.#sink) {
      for (let at = begin; at < end; ) at += writeSync(this.#fd, data, at, end - at);
      return undefined;
    }
    const wait = this.#send(end - begin === data.byteLength ? data : data.subarray(begin, end));
    return typeof wait === "number" ? undefined : wait.then(() => {});
  }

  #send(data: string | Uint8Array): number | Promise<number> {
    this.#sink ??= (this.#fd === 1 ? Bun.stdout : Bun.stderr).writer();
    this.#sink.write(data);
    return this.#sink.flush();
  }

  isTerminal(): boolean {
    return this.#terminal.isTerminal(this.#fd);
  }

  size(): TerminalSize | undefined {
    return this.#terminal.size(this.#fd);
  }
}

/** What nobody reads from the other end never makes a writer wait: files, and what throws away. */
function takesAllAtOnce(fd: number): boolean {
  const stat = fstatSync(fd);
  return stat.isFile() || (stat.isCharacterDevice() && stat.rdev === NULL_DEVICE);
}
