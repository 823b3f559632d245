/**
 * Name and version of an operating system from the text of /etc/os-release.
 * @see https://www.freedesktop.org/software/systemd/man/latest/os-release.html
 */
export function parseOsRelease(text: string): { readonly name: string; readonly version: string } {
  const fields = new Map<string, string>();
  for (const [, key, value] of text.matchAll(/^([A-Z_]+)=(.*)$/gm)) fields.set(key!, unquote(value!));
  return {
    name: fields.get("PRETTY_NAME") ?? fields.get("NAME") ?? "Linux",
    version: fields.get("VERSION_ID") ?? "",
  };
}

function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(value.trim());
  return quoted ? quoted[2]!.replace(/\\(.)/g, "$1") : value.trim();
}
