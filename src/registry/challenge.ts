/** One way to authenticate that a server offers. */
export interface Challenge {
  /** Lower case: "basic", "bearer". */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const SCHEME = new RegExp(`[\\s,]*(${TOKEN})(?=[\\s,]|$)`, "y");
const PARAMETER = new RegExp(`[\\s,]*(${TOKEN})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]+))`, "y");

/**
 * Reads WWW-Authenticate, also several headers joined by commas. What cannot be read ends the list: a server's
 * garbage is no challenge.
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-www-authenticate
 */
export function parseChallenges(header: string | null | undefined): Challenge[] {
  const text = header ?? "";
  const challenges: Challenge[] = [];
  for (let at = 0; at < text.length; ) {
    const scheme = matchAt(SCHEME, text, at);
    if (!scheme) break;
    at += scheme[0].length;
    const parameters: Record<string, string> = Object.create(null);
    for (let one = matchAt(PARAMETER, text, at); one; one = matchAt(PARAMETER, text, at)) {
      parameters[one[1]!.toLowerCase()] ??= one[2]?.replace(/\\(.)/g, "$1") ?? one[3]!;
      at += one[0].length;
    }
    challenges.push({ scheme: scheme[1]!.toLowerCase(), parameters: { ...parameters } });
  }
  return challenges;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
