import type { MountEntry } from "../types.ts";

/**
 * Parses /proc/PID/mountinfo.
 * @see https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
 */
export function parseMountinfo(text: string): MountEntry[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map(parseLine);
}

/** `36 35 98:0 /root /target rw,noatime shared:1 - ext4 /dev/sda1 rw,errors=continue` */
function parseLine(line: string): MountEntry {
  const fields = line.split(" ");
  const separator = fields.indexOf("-", 6);
  if (separator < 0 || fields.length < separator + 4) throw new Error(`mountinfo: not understood: ${line}`);
  const [id, parentId, , root, target, options] = fields as [string, string, string, string, string, string];
  const [fsType, source, superOptions] = fields.slice(separator + 1) as [string, string, string];
  return {
    id: Number(id),
    parentId: Number(parentId),
    root: decodeOctal(root),
    target: decodeOctal(target),
    options: options.split(","),
    fsType: decodeOctal(fsType),
    source: decodeOctal(source),
    superOptions: superOptions.split(",").map(decodeOctal),
    optional: fields.slice(6, separator),
  };
}

/** The kernel writes white space, backslash and "#" in names as three octal digits. */
function decodeOctal(field: string): string {
  if (!field.includes("\\")) return field;
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
