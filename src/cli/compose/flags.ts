import { bool, int, list, string } from "../flag-kinds.ts";
import type { FlagValues } from "../flags.ts";

/** The flags between `compose` and the verb. */
export const COMPOSE_FLAGS = {
  "all-resources": bool("Also take in what no service uses"),
  ansi: string('When to write control characters for terminals ("never", "always", "auto")', {
    initial: "auto",
  }),
  compatibility: bool("Name containers with underscores, as old versions did"),
  "dry-run": bool("Show what would be done, and do nothing"),
  "env-file": list("Read environment variables from this file instead of .env", { type: "stringArray" }),
  file: list("Compose file", { short: "f", type: "stringArray" }),
  "insecure-registry": list("Registry that is asked without TLS", { type: "stringArray", hidden: true }),
  "no-ansi": bool("Write no control characters", { deprecated: 'use "--ansi never" instead' }),
  parallel: int("How much is done at once; -1: no limit", { initial: -1 }),
  profile: list("Enable a profile", { type: "stringArray" }),
  progress: string('How progress is shown ("auto", "tty", "plain", "json", "quiet")'),
  "project-directory": string(
    "Directory that relative paths begin at; default: that of the first Compose file",
  ),
  "project-name": string("Name of the project", { short: "p" }),
  verbose: bool("Say more", { hidden: true }),
  version: bool("Print the version and end", { short: "v", hidden: true }),
  workdir: string("Directory that relative paths begin at", {
    deprecated: "use --project-directory instead",
    aliasOf: "project-directory",
  }),
};

export type ComposeFlags = FlagValues<typeof COMPOSE_FLAGS>;

/** Taken after the verb too. */
export const EVERY_VERB_FLAGS = {
  "dry-run": COMPOSE_FLAGS["dry-run"],
};
