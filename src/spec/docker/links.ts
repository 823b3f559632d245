/**
 * Links of Docker's first years. A record keeps them as "ID:ALIAS", so that a linked container may be renamed; clients
 * send and see names.
 */
export interface Link {
  /** An id in records, a name in requests. */
  readonly target: string;
  readonly alias: string;
}

/** "web:db", "web", and "/web:/me/db" as inspect shows it. */
export function parseLink(text: string): Link {
  const [name = "", alias = name] = text.split(":");
  return { target: name.replace(/^\//, ""), alias: alias.split("/").at(-1)! };
}
