/** "web:/etc/hosts" and "./file" as `cp` tells them apart. */
import { CliError } from "../errors.ts";

export type Place =
  | { readonly kind: "container"; readonly container: string; readonly path: string }
  /** "-" is standard input or output. */
  | { readonly kind: "local"; readonly path: string };

export type Direction =
  | { readonly to: "container"; readonly source: string; readonly container: string; readonly path: string }
  | { readonly to: "local"; readonly container: string; readonly path: string; readonly target: string };

/** @throws CliError when not exactly one of both is in a container */
export function parseDirection(source: string, target: string): Direction {
  if (source === "") throw new CliError("source can not be empty");
  if (target === "") throw new CliError("destination can not be empty");
  const [from, to] = [parsePlace(source), parsePlace(target)];
  if (from.kind === "container" && to.kind === "container")
    throw new CliError("copying between containers is not supported");
  if (from.kind === "container")
    return { to: "local", container: from.container, path: from.path, target: to.path };
  if (to.kind === "container")
    return { to: "container", source: from.path, container: to.container, path: to.path };
  throw new CliError("must specify at least one container source");
}

/** A name with a dot in front of its first colon, or a path from "/" on, is a file here. */
function parsePlace(text: string): Place {
  const colon = text.indexOf(":");
  if (text.startsWith("/") || text.startsWith(".") || colon < 0) return { kind: "local", path: text };
  return { kind: "container", container: text.slice(0, colon), path: text.slice(colon + 1) };
}
