import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { ConfigQuestion, ConfigRequest } from "#compose/model/render-config.ts";
import { ANY_ARGUMENTS } from "../../command.ts";
import type { ComposeSession } from "../../compose/session.ts";
import { defineVerb } from "../../compose/verb.ts";
import { bool, string } from "../../flag-kinds.ts";
import type { FlagValues } from "../../flags.ts";
import { resolveDigest } from "./_digests.ts";

const FLAGS = {
  environment: bool("Print the variables that interpolation sees"),
  format: string('Format of the output ("yaml", "json")'),
  hash: string('Print the configuration digests of these services, "*" for all'),
  images: bool("Print the images' names"),
  "lock-image-digests": bool("Print a file that pins the images by digest"),
  models: bool("Print the models' names"),
  networks: bool("Print the networks' names"),
  "no-consistency": bool("Do not check whether what is referred to is there"),
  "no-env-resolution": bool("Do not read env files of services"),
  "no-interpolate": bool("Leave variables as they are"),
  "no-normalize": bool("Leave out what is only implied"),
  "no-path-resolution": bool("Leave relative paths as they are"),
  output: string("Write to this file instead", { short: "o" }),
  profiles: bool("Print the profiles' names"),
  quiet: bool("Only check", { short: "q" }),
  "resolve-image-digests": bool("Name images by digest"),
  services: bool("Print the services' names"),
  variables: bool("Print the variables that the files mention"),
  volumes: bool("Print the volumes' names"),
};

type ConfigFlags = FlagValues<typeof FLAGS>;

/** Of several questions the first of these is answered. */
const QUESTIONS = [
  "services",
  "volumes",
  "networks",
  "models",
  "hash",
  "profiles",
  "images",
  "variables",
] as const;

export const verb = defineVerb({
  usage: "[OPTIONS] [SERVICE...]",
  arguments: ANY_ARGUMENTS,
  flags: FLAGS,
  async run({ compose, args, flags }) {
    const { renderConfig } = await import("#compose/model/render-config.ts");
    const { loadOptions: load } = compose;
    const text = await renderConfig(requestOf(compose, args, flags), {
      load: {
        ...load,
        interpolate: !flags["no-interpolate"],
        normalize: !(flags["no-normalize"] || compose.flags.compatibility),
        resolvePaths: !flags["no-path-resolution"],
        checkConsistency: !flags["no-consistency"],
        resolveEnvironment: !flags["no-env-resolution"],
      },
      resolveDigest: (reference) => resolveDigest(compose, reference),
    });
    if (flags.quiet) return;
    if (flags.output && text !== "" && questionOf(flags) === "project")
      await writeFile(resolve(compose.host.cwd, flags.output), text);
    else await compose.print(text);
  },
});

export function questionOf(flags: ConfigFlags): ConfigQuestion {
  return QUESTIONS.find((question) => flags[question]) ?? (flags.environment ? "environment" : "project");
}

function requestOf(compose: ComposeSession, services: readonly string[], flags: ConfigFlags): ConfigRequest {
  const usesUnderscores = compose.flags.compatibility || compose.host.env.COMPOSE_COMPATIBILITY === "true";
  return {
    question: questionOf(flags),
    format: flags.format,
    services,
    hashOf: flags.hash,
    keepsUnused: compose.flags["all-resources"],
    separator: usesUnderscores ? "_" : "-",
    resolveDigests: flags["resolve-image-digests"],
    locksDigests: flags["lock-image-digests"],
  };
}
