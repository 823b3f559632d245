/** Environment variables and labels on the command line and in files. */

import { splitPair } from "./pair.ts";

type HostEnv = Readonly<Record<string, string | undefined>>;

/** @throws Error when there is no name */
export function checkEnv(text: string): string {
  if (text === "" || text.startsWith("=")) throw new Error(`invalid environment variable: ${text}`);
  return text;
}

/**
 * `-e A=1`, or `-e A` for the value it has here. One that is not set here stays a bare name, which unsets it in the
 * container.
 */
export function resolveEnv(text: string, hostEnv: HostEnv): string {
  return text.includes("=") || hostEnv[text] === undefined ? text : `${text}=${hostEnv[text]}`;
}

/**
 * The lines of an `--env-file` or `--label-file`; empty ones and comments are left out.
 * @param hostEnv gives bare names their value; those it has not are left out
 * @throws Error for a line that has no name or a name with spaces
 */
export function parseKeyValueFile(content: string, hostEnv: HostEnv): string[] {
  const pairs: string[] = [];
  for (const raw of content.replace(/^\ufeff/, "").split(/\r?\n/)) {
    const line = raw.trimStart();
    if (line === "" || line.startsWith("#")) continue;
    const equals = line.indexOf("=");
    const name = equals < 0 ? line.trim() : line.slice(0, equals);
    if (name === "") throw new Error(`no variable name on line '${line}'`);
    if (/\s/.test(name)) throw new Error(`variable '${name}' contains whitespaces`);
    if (equals >= 0) pairs.push(line);
    else if (hostEnv[name] !== undefined) pairs.push(`${name}=${hostEnv[name]}`);
  }
  return pairs;
}

/** "a=b" and "a" texts as an object; a bare name has the value "". */
export function keyValues(pairs: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const pair of pairs) {
    const [name, value = ""] = splitPair(pair);
    values[name] = value;
  }
  return values;
}

/** @throws Error when the label has no name */
export function checkLabel(text: string): string {
  if (text === "" || text.startsWith("=")) throw new Error(`invalid label '${text}': empty name`);
  return text;
}
