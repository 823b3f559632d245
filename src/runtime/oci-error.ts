/** A failed start in Docker's words, whatever the runtime's own are. */
import { type StartExitCode, StartFailed } from "./start-failed.ts";

export interface FailedStart {
  readonly action: "create" | "exec";
  /** As in the message: "runc", "crun". */
  readonly runtime: string;
  /** Text of the runtime's log: JSON lines or plain lines. */
  readonly log: string;
  /** The program that was to run. */
  readonly program: string;
  /** What is known without a log. */
  readonly fallback: string;
}

/** Pure: the error a client expects. */
export function startFailure(failed: FailedStart): StartFailed {
  const words = inRuncsWords(messagesOf(failed.log).at(-1) ?? failed.fallback, failed.program);
  const prefix =
    failed.action === "exec" ? "OCI runtime exec failed: exec failed" : createPrefix(failed.runtime);
  const reason = words.startsWith("unable to ") ? words : `unable to start container process: ${words}`;
  const text = `${prefix}: ${reason}: unknown`;
  return new StartFailed(withHint(text), exitCodeOf(text));
}

function createPrefix(runtime: string): string {
  return `OCI runtime create failed: ${runtime} create failed`;
}

/** Lines of a runtime's log at level error and above, oldest first. */
function messagesOf(log: string): string[] {
  return log
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map(messageOf)
    .filter((message) => message !== undefined);
}

function messageOf(line: string): string | undefined {
  if (!line.startsWith("{")) return line;
  try {
    const entry = JSON.parse(line) as { msg?: unknown; level?: unknown };
    const isFailure = entry.level === "error" || entry.level === "fatal";
    return isFailure && typeof entry.msg === "string" ? entry.msg : undefined;
  } catch {
    return line;
  }
}

type Words = (match: RegExpExecArray, program: string) => string;

/** crun's wordings, and what runc says in the same place: Docker's clients look for runc's words. */
const WORDINGS: readonly (readonly [RegExp, Words])[] = [
  [
    /^executable file `([^`]*\/[^`]*)` not found/,
    ([, path]) => `exec: "${path}": stat ${path}: no such file or directory`,
  ],
  [
    /^executable file `([^`]*)` not found/,
    ([, name]) => `exec: "${name}": executable file not found in $PATH`,
  ],
  [/^open executable: /, (_, program) => `exec: "${program}": permission denied`],
  [
    /^exec container process(?: \(.*?\))? `([^`]*)`: (.*)$/,
    ([, path, reason]) => `exec: "${path}": ${reason}`,
  ],
  [/^exec: (.*)$/, ([, reason], program) => `exec: "${program}": ${reason}`],
  [
    /^error stat'ing file `([^`]*)`: (.*)$/,
    ([, path, reason]) => `error mounting "${path}": stat ${path}: ${reason}`,
  ],
  [
    /^mount `([^`]*)` to `\/?([^`]*)`: (.*)$/,
    ([, source, target, reason]) => `error mounting "${source}" to rootfs at "/${target}": ${reason}`,
  ],
  [
    /^chdir `([^`]*)`: (.*)$/,
    ([, path, reason]) => `chdir to cwd ("${path}") set in config.json failed: ${reason}`,
  ],
];

function inRuncsWords(message: string, program: string): string {
  const bare = message.replace(/^(?:runc (?:run|create) failed|exec failed): /, "");
  if (bare !== message) return bare;
  for (const [pattern, words] of WORDINGS) {
    const match = pattern.exec(message);
    if (match) return lowerReason(words(match, program));
  }
  return lowerReason(message);
}

/** The kernel's words begin with a capital in C and without in Go. */
function lowerReason(text: string): string {
  return text.replace(
    /(^|: )([A-Z])(?=[a-z][^:]*$)/,
    (_all, before: string, first: string) => before + first.toLowerCase(),
  );
}

const NOT_A_DIRECTORY = "not a directory";

function withHint(text: string): string {
  if (!text.includes(NOT_A_DIRECTORY)) return text;
  return `${text}: Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type`;
}

function exitCodeOf(text: string): StartExitCode {
  if (/permission denied|is a directory/.test(text)) return 126;
  if (/executable file not found|no such file or directory/.test(text)) return 127;
  return text.includes(NOT_A_DIRECTORY) ? 127 : 128;
}
