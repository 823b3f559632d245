/** The terminal, through libc: Bun's own raw mode leaves output processing on, and loading node's tty costs milliseconds. */

export interface TerminalSize {
  /** In character cells. */
  readonly height: number;
  readonly width: number;
}

const TIOCGWINSZ = 0x5413;
const TCSADRAIN = 1;
/** Larger than any struct termios. */
const TERMIOS_BYTES = 256;

function openLibc() {
  const { dlopen, ptr } = import.meta.require("bun:ffi") as typeof import("bun:ffi"); // loaded only when asked
  const { symbols } = dlopen("libc.so.6", {
    isatty: { args: ["i32"], returns: "i32" },
    ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
    tcgetattr: { args: ["i32", "ptr"], returns: "i32" },
    tcsetattr: { args: ["i32", "i32", "ptr"], returns: "i32" },
    cfmakeraw: { args: ["ptr"], returns: "void" },
  });
  return { ...symbols, ptr };
}

/** ECHO in the local flags, which are the fourth word of struct termios on Linux. */
const LOCAL_FLAGS_INDEX = 3;
const ECHO = 0o10;
const ICANON = 0o2;

export class Terminal {
  /** Opened at the first question: most commands never ask one. */
  #opened: ReturnType<typeof openLibc> | undefined;

  get #libc(): ReturnType<typeof openLibc> {
    this.#opened ??= openLibc();
    return this.#opened;
  }

  isTerminal(fd: number): boolean {
    return this.#libc.isatty(fd) === 1;
  }

  /** Undefined where there is no terminal, or one that does not know its size. */
  size(fd: number): TerminalSize | undefined {
    const size = new Uint16Array(4);
    if (this.#libc.ioctl(fd, TIOCGWINSZ, this.#libc.ptr(size)) !== 0) return undefined;
    return size[0] && size[1] ? { height: size[0], width: size[1] } : undefined;
  }

  /**
   * Every key as it is pressed, every byte as it comes. Disposing puts the terminal back; so does the end of the process,
   * whatever ends it short of SIGKILL.
   */
  enterRawMode(fd: number): Disposable {
    return this.#change(fd, (settings) => this.#libc.cfmakeraw(this.#libc.ptr(settings)));
  }

  /** Every key as it is pressed, not shown; output and the keys that send signals stay as they are. */
  enterKeyMode(fd: number): Disposable {
    return this.#change(fd, (settings) => {
      const words = new Uint32Array(settings.buffer);
      words[LOCAL_FLAGS_INDEX] = words[LOCAL_FLAGS_INDEX]! & ~(ECHO | ICANON);
    });
  }

  /** For passwords. */
  hideTyping(fd: number): Disposable {
    return this.#change(fd, (settings) => {
      const words = new Uint32Array(settings.buffer);
      words[LOCAL_FLAGS_INDEX] = words[LOCAL_FLAGS_INDEX]! & ~ECHO;
    });
  }

  #change(fd: number, change: (settings: Uint8Array<ArrayBuffer>) => void): Disposable {
    const before = new Uint8Array(TERMIOS_BYTES);
    if (this.#libc.tcgetattr(fd, this.#libc.ptr(before)) !== 0) return { [Symbol.dispose]() {} };
    const settings = new Uint8Array(before);
    change(settings);
    this.#libc.tcsetattr(fd, TCSADRAIN, this.#libc.ptr(settings));
    const restore = () => {
      this.#libc.tcsetattr(fd, TCSADRAIN, this.#libc.ptr(before));
    };
    const stopWatching = onProcessEnd(restore);
    return {
      [Symbol.dispose]() {
        stopWatching();
        restore();
      },
    };
  }
}

/** Signals that end a process, unless somebody else listens to them. */
const FATAL_SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** @returns stops watching */
function onProcessEnd(restore: () => void): () => void {
  const listeners = Object.entries(FATAL_SIGNALS).map(([signal, number]) => ({
    signal,
    listener: () => {
      if (process.listenerCount(signal) > 1) return; // it is sent on to the container, and this process goes on
      restore();
      process.exit(128 + number);
    },
  }));
  process.on("exit", restore);
  for (const { signal, listener } of listeners) process.on(signal, listener);
  return () => {
    process.off("exit", restore);
    for (const { signal, listener } of listeners) process.off(signal, listener);
  };
}
