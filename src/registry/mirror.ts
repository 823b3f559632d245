import { InvalidArgument } from "#base/errors.ts";

/** What an operator says about one registry. */
export interface RegistryMirrors {
  /** Asked in this order, before the registry itself: "https://mirror.example/prefix/". */
  readonly mirrors: readonly string[];
  /** Whether the registry itself is asked when no mirror has it. */
  readonly fallback: boolean;
}

/**
 * A mirror's address as dockerd takes and shows it, with one slash at the end.
 * @throws InvalidArgument with Docker's texts
 */
export function parseMirror(text: string): string {
  const invalid = (reason: string) => new InvalidArgument(`invalid mirror: ${reason}`);
  const scheme = /^([^:/?#]+):\/\//.exec(text)?.[1];
  const wanted = "must use either 'https://' or 'http://'";
  if (scheme === undefined) throw invalid(`no scheme specified for ${JSON.stringify(text)}: ${wanted}`);
  if (!/^https?$/i.test(scheme))
    throw invalid(`unsupported scheme ${JSON.stringify(scheme)} in ${JSON.stringify(text)}: ${wanted}`);
  if (!URL.canParse(text) || /[\s\p{Cc}]/u.test(text))
    throw invalid(`${JSON.stringify(text)} is not a valid URI`);
  const url = new URL(text);
  if (url.username || url.password) {
    url.password = "xxxxx";
    throw invalid(`username/password not allowed in URI ${JSON.stringify(url.href)}`);
  }
  if (/[?#]/.test(text)) throw invalid(`query or fragment at end of the URI ${JSON.stringify(text)}`);
  return `${text.replace(/\/+$/, "")}/`;
}
