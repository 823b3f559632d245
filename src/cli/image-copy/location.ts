import { InvalidArgument } from "#base/errors.ts";
import { parseReference, type Reference, withDefaultTag } from "#spec/reference.ts";

/** Where an image is or shall be. */
export type Location =
  | { readonly kind: "registry"; readonly reference: Reference }
  /** @param host absent: the engine this command line talks to; else an address as for `--host` */
  | { readonly kind: "engine"; readonly host?: string; readonly name: string }
  | {
      readonly kind: "dir";
      readonly path: string;
    }
  | {
      readonly kind: "oci" | "oci-archive" | "docker-archive";
      readonly path: string;
      /** The image among those in it; as a destination: the name it gets there. */
      readonly name: string | undefined;
    };

/** Shown in help and where a location is not understood. */
export const LOCATION_FORMS = `docker://REGISTRY/NAME[:TAG]         a registry
NAME[:TAG], engine:NAME[:TAG]         the engine in use
ssh://[USER@]HOST[:PORT]/NAME[:TAG]   the engine of another machine
dir:DIRECTORY                         an image alone in a directory, as skopeo has it
oci:DIRECTORY[:NAME]                  an OCI layout
oci-archive:FILE[:NAME]               an OCI layout in a tar archive
docker-archive:FILE[:NAME:TAG]        an archive as 'save' writes it`;

/**
 * Reads a location as people write it.
 * @throws InvalidArgument
 */
export function parseLocation(text: string): Location {
  const scheme = /^([a-z][a-z-]*):/.exec(text)?.[1] ?? "";
  const rest = text.slice(scheme.length + 1);
  switch (scheme) {
    case "docker":
      if (!rest.startsWith("//")) throw malformed(text, "a registry is written docker://NAME");
      return { kind: "registry", reference: withDefaultTag(parseReference(rest.slice(2))) };
    case "dir":
      if (rest === "") throw malformed(text, "there is no path in it");
      return { kind: "dir", path: rest };
    case "ssh":
      return parseSsh(text);
    case "oci":
    case "oci-archive":
    case "docker-archive":
      return parsePath(scheme, rest, text);
    case "engine":
    case "docker-daemon":
      return engine(rest);
    default:
      return engine(text);
  }
}

function engine(name: string): Location {
  parseReference(name);
  return { kind: "engine", name };
}

function parseSsh(text: string): Location {
  const [, host, name] = /^(ssh:\/\/[^/]+)\/(.+)$/.exec(text) ?? [];
  if (!host || !name) throw malformed(text, "an engine behind ssh is written ssh://HOST/NAME");
  parseReference(name);
  return { kind: "engine", host, name };
}

/** What follows the first colon is a name: paths with one cannot be said, as with other tools. */
function parsePath(kind: "oci" | "oci-archive" | "docker-archive", rest: string, text: string): Location {
  const colon = rest.indexOf(":");
  const path = colon < 0 ? rest : rest.slice(0, colon);
  if (path === "") throw malformed(text, "there is no path in it");
  return { kind, path, name: colon < 0 ? undefined : rest.slice(colon + 1) || undefined };
}

function malformed(text: string, reason: string): InvalidArgument {
  return new InvalidArgument(`invalid location ${JSON.stringify(text)}: ${reason}`);
}
