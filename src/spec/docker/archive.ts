/** What the API tells of one file in a container, in the header X-Docker-Container-Path-Stat. */
export interface ContainerPathStat {
  readonly name: string;
  readonly size: number;
  /** Go's os.FileMode, not stat's: see `goFileMode`. */
  readonly mode: number;
  /** RFC 3339 with nanoseconds. */
  readonly mtime: string;
  readonly linkTarget: string;
}

const TYPE_MASK = 0o170000;

/** Type bits of stat(2) to those of Go's os.FileMode. */
const GO_TYPE: readonly (readonly [unix: number, go: number])[] = [
  [0o040000, 2 ** 31], // directory
  [0o120000, 2 ** 27], // symbolic link
  [0o060000, 2 ** 26], // block device
  [0o020000, 2 ** 26 + 2 ** 21], // character device
  [0o010000, 2 ** 25], // named pipe
  [0o140000, 2 ** 24], // socket
];

/** Setuid, setgid and sticky. */
const GO_SPECIAL: readonly (readonly [unix: number, go: number])[] = [
  [0o4000, 2 ** 23],
  [0o2000, 2 ** 22],
  [0o1000, 2 ** 20],
];

/** A mode of stat(2) as Go writes it. @see https://pkg.go.dev/os#FileMode */
export function goFileMode(mode: number): number {
  const special = GO_SPECIAL.reduce((sum, [unix, go]) => sum + (mode & unix ? go : 0), 0);
  return (mode & 0o777) + special + (GO_TYPE.find(([unix]) => unix === (mode & TYPE_MASK))?.[1] ?? 0);
}

export function isGoDirectory(mode: number): boolean {
  return mode >= 2 ** 31;
}

export function isGoLink(mode: number): boolean {
  return Math.floor(mode / 2 ** 27) % 2 === 1;
}

/** None of the bits that tell another type. */
export function isGoRegular(mode: number): boolean {
  return [31, 27, 26, 25, 24].every((bit) => Math.floor(mode / 2 ** bit) % 2 === 0);
}
