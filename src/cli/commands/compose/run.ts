import { resolve } from "node:path";
import { runPostStart } from "#compose/engine/act/operations.ts";
import { createOneOff, type RunChanges } from "#compose/engine/one-off.ts";
import type { Mount } from "#compose/model/container-types.ts";
import { parsePorts } from "#compose/model/port-syntax.ts";
import { splitCommand } from "#compose/model/split-command.ts";
import type { Port, Project } from "#compose/model/types.ts";
import { parseVolume } from "#compose/model/volume-syntax.ts";
import { SOME_ARGUMENTS } from "../../command.ts";
import type { ComposeSession } from "../../compose/session.ts";
import { defineVerb } from "../../compose/verb.ts";
import { CliError } from "../../errors.ts";
import { bool, list, string } from "../../flag-kinds.ts";
import type { FlagValues } from "../../flags.ts";
import { parseKeyValueFile } from "../../parse/env.ts";
import { splitPair } from "../../parse/pair.ts";
import { runAttached } from "../run.ts";
import {
  BUILD_FLAG,
  ignoresOrphans,
  PULL_FLAG,
  pullPolicyOf,
  QUIET_PULL_FLAG,
  REMOVE_ORPHANS_FLAG,
  refuseBuild,
} from "./_create.ts";
import { terminalChoice } from "./_terminal.ts";

const RUN_FLAGS = {
  build: BUILD_FLAG,
  "cap-add": list("Add a capability"),
  "cap-drop": list("Take a capability away"),
  detach: bool("Run in the background and print the container's id", { short: "d" }),
  entrypoint: string("Program to run instead of the image's entrypoint"),
  env: list("Set an environment variable", { short: "e", type: "stringArray" }),
  "env-from-file": list("Read environment variables from a file", { type: "stringArray" }),
  interactive: bool("Send standard input", { short: "i", initial: true }),
  label: list("Set a label", { short: "l", type: "stringArray" }),
  labels: list("An old name", { aliasOf: "label", hidden: true }),
  name: string("Name of the container"),
  "no-deps": bool("Do not start services that this one depends on"),
  "no-recreate": bool("Leave containers of services as they are that this one depends on"),
  "no-tty": bool("Give it no terminal; default: one when this is one", { short: "T" }),
  "no-TTY": bool("An old name", { aliasOf: "no-tty", hidden: true }),
  publish: list("Publish a port", { short: "p", type: "stringArray" }),
  pull: PULL_FLAG,
  quiet: bool("Do not show what happens before the command runs", { short: "q" }),
  "quiet-build": bool("Do not show how a build goes"),
  "quiet-pull": QUIET_PULL_FLAG,
  "remove-orphans": REMOVE_ORPHANS_FLAG,
  rm: bool("Remove the container when it has ended"),
  "service-ports": bool("Publish the service's ports", { short: "P" }),
  tty: bool("Give it a terminal", { short: "t", initial: true, hidden: true }),
  "use-aliases": bool("Let it answer to the service's names in its networks"),
  user: string("User to run as", { short: "u" }),
  volume: list("Mount a directory or a volume", { short: "v", type: "stringArray" }),
  volumes: list("An old name", { aliasOf: "volume", hidden: true }),
  workdir: string("Directory to start in", { short: "w" }),
};

type RunFlags = FlagValues<typeof RUN_FLAGS>;

export const verb = defineVerb({
  usage: "[OPTIONS] SERVICE [COMMAND] [ARGS...]",
  arguments: SOME_ARGUMENTS,
  interspersed: false,
  noDryRun: "the command itself would have to be run",
  flags: RUN_FLAGS,
  async run({ compose, args: [name, ...command], flags, given }) {
    refuseBuild(flags);
    if (flags.publish.length > 0 && flags["service-ports"])
      throw new CliError("--service-ports and --publish are incompatible");
    const { tty, interactive } = terminalChoice(compose, flags, given);
    const session = flags.quiet ? compose.quietly() : compose;
    const project = await session.select([name!], flags["no-deps"] ? "ignore" : "include");
    const service = project.services[name!];
    if (!service) throw new CliError(`no such service: ${name}`);
    const pullPolicy = pullPolicyOf(flags.pull);
    const changes: RunChanges = {
      ...(command.length > 0 ? { command } : {}),
      ...(given.has("entrypoint") ? { entrypoint: splitCommand(flags.entrypoint) } : {}),
      environment: await environmentOf(session, project, flags),
      ...(flags.user ? { user: flags.user } : {}),
      ...(flags.workdir ? { workingDir: flags.workdir } : {}),
      labels: Object.fromEntries(flags.label.map((text) => pairOf(text))),
      capAdd: flags["cap-add"],
      capDrop: flags["cap-drop"],
      volumes: flags.volume.map((text) => mountOf(text, compose.host.cwd)),
      ports: flags.publish.flatMap((text) => parsePorts(text) as unknown as Port[]),
      usesServicePorts: flags["service-ports"],
      tty,
      interactive,
    };
    const created = await session.operation("run", (context) =>
      createOneOff(context, project, service, {
        changes,
        name: flags.name,
        noDeps: flags["no-deps"],
        noRecreate: flags["no-recreate"],
        autoRemove: flags.rm,
        attachStdin: interactive,
        useAliases: flags["use-aliases"],
        quietPull: flags["quiet-pull"],
        ...(pullPolicy ? { pullPolicy } : {}),
        removeOrphans: flags["remove-orphans"],
        ignoresOrphans: ignoresOrphans(project, flags["remove-orphans"]),
      }),
    );
    const context = await session.context();
    if (flags.detach) {
      await context.client.containers.start(created.id);
      await runPostStart(context, created.service, { id: created.id });
      await compose.print(`${created.id}\n`);
      return 0;
    }
    return await runAttached(compose.session, {
      id: created.id,
      body: {
        AttachStdin: interactive,
        AttachStdout: true,
        AttachStderr: true,
        Tty: tty,
        HostConfig: { AutoRemove: flags.rm },
      },
      sigProxy: true,
      detachKeys: compose.session.config.detachKeys ?? "",
    });
  },
});

/** What flags say wins over files. A name alone takes the value it has here. */
async function environmentOf(
  { host }: ComposeSession,
  project: Project,
  flags: RunFlags,
): Promise<Record<string, string | null>> {
  const environment: Record<string, string | null> = {};
  for (const path of flags["env-from-file"]) {
    const { readText } = await import("../../files.ts");
    for (const text of parseKeyValueFile(readText(resolve(host.cwd, path)), host.env)) {
      const [name, value] = pairOf(text);
      environment[name] = value;
    }
  }
  for (const text of flags.env) {
    const [name, value] = splitPair(text);
    const found = value ?? project.environment[name];
    if (found !== undefined) environment[name] = found;
  }
  return environment;
}

function pairOf(text: string): [string, string] {
  const [name, value = ""] = splitPair(text);
  return [name, value];
}

/** A path here begins where the command is run. */
function mountOf(text: string, cwd: string): Mount {
  const mount = parseVolume(text) as unknown as Mount;
  return mount.type === "bind" ? { ...mount, source: resolve(cwd, mount.source!) } : mount;
}
