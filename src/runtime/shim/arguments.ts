import type { AttachOptions, LogTarget } from "../types.ts";
import { streamBits } from "./protocol.ts";

const FIRST_INHERITED_FD = 3;

export interface SupervisorOptions {
  readonly directory: string;
  readonly hide?: string | undefined;
  readonly terminal: boolean;
  readonly openStdin: boolean;
  readonly stdinOnce: boolean;
  readonly record?: string | undefined;
  /** `Cgroups.oomCounters()` of the container's group, which need not be there yet. */
  readonly oomCounters?: string | undefined;
  readonly overflow?: string | undefined;
  readonly log?: LogTarget | undefined;
  readonly readers?: ReaderBounds | undefined;
  /** Whether the descriptor after the control connection is a sealed copy of the runtime. */
  readonly sealedRuntime: boolean;
  /** Readers whose descriptors follow, in this order. */
  readonly attach: readonly InheritedReader[];
  readonly runtimeCommand: readonly string[];
}

export interface InheritedReader extends AttachOptions {
  /** Watched for by the supervisor in what this client types. */
  readonly detachKeys?: Uint8Array | undefined;
}

/** Bounds for readers slower than the process; the supervisor's own when absent. */
export interface ReaderBounds {
  readonly ringBytes: number;
  /** How long a reader may take nothing while its ring is full. */
  readonly stallMs: number;
}

/** The supervisor's command line after its program name. Descriptors: control, sealed runtime, readers. */
export function supervisorArguments(options: SupervisorOptions): string[] {
  const args = ["--directory", options.directory, "--control", String(FIRST_INHERITED_FD)];
  let fd = FIRST_INHERITED_FD + 1;
  if (options.sealedRuntime) args.push("--runtime-fd", String(fd++));
  for (const reader of options.attach) args.push("--attach", `${fd++}:${readerText(reader)}`);
  if (options.hide !== undefined) args.push("--hide", options.hide);
  if (options.terminal) args.push("--terminal");
  if (options.openStdin) args.push("--stdin");
  if (options.stdinOnce) args.push("--stdin-once");
  if (options.record !== undefined) args.push("--record", options.record);
  if (options.oomCounters !== undefined) args.push("--oom-counters", options.oomCounters);
  if (options.overflow !== undefined) args.push("--overflow", options.overflow);
  if (options.log) args.push(...logArguments(options.log));
  if (options.readers) {
    args.push("--ring-bytes", String(options.readers.ringBytes));
    args.push("--stall-ms", String(options.readers.stallMs));
  }
  return [...args, "--", ...options.runtimeCommand];
}

function readerText(reader: InheritedReader): string {
  const keys = reader.detachKeys ? `:${Buffer.from(reader.detachKeys).toString("hex")}` : "";
  return `${streamBits(reader)}${keys}`;
}

function logArguments(log: LogTarget): string[] {
  const args = ["--log", log.path, "--log-max-files", String(Math.max(1, log.maxFiles))];
  if (log.format === "local") args.push("--log-local");
  if (log.compressed) args.push("--log-compressed");
  if (log.maxBytes > 0) args.push("--log-max-bytes", String(log.maxBytes));
  const attrs = Object.entries(log.attrs ?? {});
  if (attrs.length > 0) args.push("--log-attrs", encodeLogAttrs(attrs));
  return args;
}

/** As Go's encoder writes a map: keys sorted, and what could end a script element escaped. */
function encodeLogAttrs(attrs: [string, string][]): string {
  const members = attrs
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `{${members.join(",")}}`.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
