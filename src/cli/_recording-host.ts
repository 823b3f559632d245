/** For tests: a process around the command line that keeps what it is told. */
import type { CliHost, Output } from "./host.ts";
import type { TerminalSize } from "./terminal.ts";

export interface RecordingHost extends CliHost {
  readonly stdoutText: string;
  readonly stderrText: string;
  /** "raw" and "restored", in order. */
  readonly rawModes: readonly string[];
}

export interface RecordingHostOptions {
  /** What standard input gives, piece by piece. */
  readonly input?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly isTerminal?: boolean;
  readonly size?: TerminalSize;
  readonly uid?: number;
  readonly startEngine?: () => Promise<void>;
}

/** The clock stands at 2026-01-02T00:00:00Z. */
export const NOW = Date.parse("2026-01-02T00:00:00Z");

export function recordingHost({
  input = [],
  env = {},
  isTerminal = false,
  size,
  uid = 1000,
  startEngine,
}: RecordingHostOptions): RecordingHost {
  const written = { stdout: "", stderr: "" };
  const rawModes: string[] = [];
  const output = (name: "stdout" | "stderr"): Output => ({
    write: async (data) => {
      written[name] += typeof data === "string" ? data : new TextDecoder().decode(data);
    },
    put(data, begin, end) {
      written[name] += new TextDecoder().decode(data.subarray(begin, end));
      return undefined;
    },
    isTerminal: () => isTerminal,
    size: () => size,
  });
  const mode = (): Disposable => {
    rawModes.push("raw");
    return { [Symbol.dispose]: () => void rawModes.push("restored") };
  };
  return {
    env,
    cwd: "/here",
    uid,
    stdin: {
      async *stream() {
        for (const text of input) yield new TextEncoder().encode(text);
      },
      isTerminal: () => isTerminal,
      enterRawMode: mode,
      enterKeyMode: mode,
      hideTyping: mode,
    },
    stdout: output("stdout"),
    stderr: output("stderr"),
    now: () => NOW,
    ...(startEngine ? { startEngine } : {}),
    rawModes,
    get stdoutText() {
      return written.stdout;
    },
    get stderrText() {
      return written.stderr;
    },
  };
}
