/**
 * Compose projects and what `docker compose` v5.6.0 answers for each: `yaml.txt`, `json.txt` and `hash.txt` are its
 * `config`, `config --format json` and `config --hash '*'`, recorded by `tools/record-compose.ts`. Without `yaml.txt` it
 * refuses the project. `@DIRECTORY@` stands for the project's own directory.
 */
import { existsSync, readFileSync } from "node:fs";

export const COMPOSE_CORPUS = import.meta.dir;

/** Where a project is said to be that needs no other files, so that its hashes hold anywhere. */
const ELSEWHERE = "/srv/demo";

export interface CorpusCase {
  readonly name: string;
  readonly directory: string;
  /** Flags before the verb. */
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly isOwnDirectory: boolean;
}

interface CaseFile {
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ownDirectory?: boolean;
}

export function readCase(name: string): CorpusCase {
  const directory = `${COMPOSE_CORPUS}/${name}`;
  const path = `${directory}/case.json`;
  const {
    args = [],
    environment = {},
    ownDirectory = false,
  }: CaseFile = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  const place = ownDirectory ? [] : ["--project-directory", ELSEWHERE, "-f", `${directory}/compose.yaml`];
  return {
    name,
    directory,
    flags: [...place, ...args],
    environment: { HOME: "/home/demo", PATH: "/usr/bin:/bin", ...environment },
    isOwnDirectory: ownDirectory,
  };
}
