import type { PlanRun } from "#compose/engine/act/execute.ts";
import { runSession } from "#compose/engine/follow/session.ts";
import { LABEL } from "#compose/engine/labels.ts";
import { containerName, shortName } from "#compose/engine/names.ts";
import { prepareUp, type UpOptions, waitUntilUp } from "#compose/engine/up.ts";
import type { Project } from "#compose/model/types.ts";
import { ANY_ARGUMENTS } from "../../command.ts";
import { LogPrinter } from "../../compose/log-printer.ts";
import { type ComposeSession, isTrue } from "../../compose/session.ts";
import { offerKeys } from "../../compose/up-keys.ts";
import { defineVerb } from "../../compose/verb.ts";
import { CliError } from "../../errors.ts";
import { bool, int, list, string } from "../../flag-kinds.ts";
import type { FlagValues } from "../../flags.ts";
import { onInterrupt } from "../../signals.ts";
import {
  BUILD_FLAG,
  ignoresOrphans,
  NO_BUILD_FLAG,
  PULL_FLAG,
  parseScales,
  pullPolicyOf,
  QUIET_PULL_FLAG,
  REMOVE_ORPHANS_FLAG,
  recreateChoice,
  refuseBuild,
  removesOrphans,
  SCALE_FLAG,
  scaled,
  stopTimeout,
  YES_FLAG,
} from "./_create.ts";
import { confirmRemote } from "./_remote.ts";
import { attachedServices, checkUpFlags } from "./_up-flags.ts";

const UP_FLAGS = {
  "abort-on-container-exit": bool("Stop all containers when one has ended"),
  "abort-on-container-failure": bool("Stop all containers when one has failed"),
  "always-recreate-deps": bool("Make containers of services anew that the named ones depend on"),
  attach: list("Show the output of these services only", { type: "stringArray" }),
  "attach-dependencies": bool("Show the output of services too that the named ones depend on"),
  build: BUILD_FLAG,
  detach: bool("Do not show the output: leave the containers running", { short: "d" }),
  "exit-code-from": string(
    "End with the exit code of this service's container; stops all when one has ended",
  ),
  "force-recreate": bool("Make containers anew though nothing has changed"),
  menu: bool("Offer keyboard shortcuts while attached; default: on a terminal"),
  "no-attach": list("Do not show the output of these services", { type: "stringArray" }),
  "no-build": NO_BUILD_FLAG,
  "no-color": bool("Show output without colours"),
  "no-deps": bool("Leave services alone that the named ones depend on"),
  "no-log-prefix": bool("Show output without the names of containers"),
  "no-recreate": bool("Leave containers that exist as they are"),
  "no-start": bool("Create containers and do not start them"),
  pull: PULL_FLAG,
  "quiet-build": bool("Do not show how a build goes"),
  "quiet-pull": QUIET_PULL_FLAG,
  "remove-orphans": REMOVE_ORPHANS_FLAG,
  "renew-anon-volumes": bool("Give containers that are made anew fresh anonymous volumes", { short: "V" }),
  scale: SCALE_FLAG,
  timeout: int("Seconds containers get to end by themselves", { short: "t" }),
  timestamps: bool("Show when each line came"),
  wait: bool("Wait until services are running or healthy; detaches"),
  "wait-timeout": int("Longest time to wait, in seconds"),
  watch: bool("Follow changes of source files", { short: "w" }),
  yes: YES_FLAG,
};

export type UpFlags = FlagValues<typeof UP_FLAGS>;

export const verb = defineVerb({
  usage: "[OPTIONS] [SERVICE...]",
  arguments: ANY_ARGUMENTS,
  flags: UP_FLAGS,
  async run({ compose, args, flags, given }) {
    checkUpFlags(flags);
    refuseBuild(flags);
    compose.assumesYes = flags.yes;
    const selected = await compose.select(args, flags["no-deps"] ? "ignore" : "include");
    const project = scaled(selected, parseScales(flags.scale));
    await confirmRemote(compose, project);
    if (Object.keys(project.services).length === 0 && !compose.flags["all-resources"])
      throw new CliError("no service selected");
    const exitCodeFrom = flags["exit-code-from"];
    if (exitCodeFrom && !(exitCodeFrom in project.services))
      throw new CliError(`no such service: ${exitCodeFrom}`);
    warnOfJobs(compose, project);
    const removeOrphans = removesOrphans(compose, flags["remove-orphans"], given.has("remove-orphans"));
    const pullPolicy = pullPolicyOf(flags.pull);
    const options: UpOptions = {
      ...recreateChoice(flags),
      ...stopTimeout(flags.timeout, given.has("timeout")),
      targets: args,
      inheritsVolumes: !flags["renew-anon-volumes"],
      removeOrphans,
      ignoresOrphans: ignoresOrphans(project, removeOrphans),
      quietPull: flags["quiet-pull"],
      ...(pullPolicy ? { pullPolicy } : {}),
      starts: !flags["no-start"],
      waitTimeoutMs: flags["wait-timeout"] * 1000,
    };
    const hasMenu = offersMenu(compose, given.has("menu") ? flags.menu : undefined);
    const call: UpCall = {
      compose,
      project,
      flags,
      options,
      args,
      hasMenu,
      hasTimeout: given.has("timeout"),
    };
    if (flags.detach || flags.wait || flags["no-start"]) return await upDetached(call);
    return await upAttached(call);
  },
});

interface UpCall {
  readonly compose: ComposeSession;
  readonly project: Project;
  readonly flags: UpFlags;
  readonly options: UpOptions;
  readonly args: readonly string[];
  readonly hasMenu: boolean;
  readonly hasTimeout: boolean;
}

/** @param asked by flag; undefined: as the environment says, else yes. Only where there is a terminal */
function offersMenu({ host, hasAnsi }: ComposeSession, asked: boolean | undefined): boolean {
  const { COMPOSE_MENU: variable } = host.env;
  const isWanted = asked ?? (variable ? isTrue(variable) : true);
  return isWanted && hasAnsi && host.stdin.isTerminal() && host.stdout.isTerminal();
}

async function upDetached({ compose, project, flags, options }: UpCall): Promise<number> {
  await compose.operation("up", async (context) => {
    using run = await prepareUp(context, project, options);
    await run.create();
    if (flags["no-start"]) return;
    await run.start();
    if (flags.wait) await waitUntilUp(context, project, flags["wait-timeout"] * 1000);
  });
  return 0;
}

async function upAttached(call: UpCall): Promise<number> {
  const { compose, project, flags, options } = call;
  let run: PlanRun | undefined;
  const sink = newPrinter(call);
  try {
    run = await compose.operation("up", async (context) => {
      const prepared = await prepareUp(context, project, {
        ...options,
        onHookOutput: (service, text) => void sink.line(`${service} ->`, text.trimEnd(), false),
      });
      await prepared.create();
      return prepared;
    });
    if (compose.flags["dry-run"]) {
      await compose.print("end of 'compose up' output, interactive run is not supported in dry-run mode\n");
      return 0;
    }
    const stops =
      flags["abort-on-container-exit"] || (flags["exit-code-from"] && !flags["abort-on-container-failure"]);
    return await runSession(await compose.context(), project, {
      run,
      sink,
      attachTo: attachedServices(project, flags, call.args),
      services: new Set(call.args.length > 0 ? call.args : Object.keys(project.services)),
      onExit: stops ? "stop" : flags["abort-on-container-failure"] ? "stopOnFailure" : "ignore",
      exitCodeFrom: flags["exit-code-from"],
      ...stopTimeout(flags.timeout, call.hasTimeout),
      onInterrupt,
      ...(call.hasMenu ? { onDetach: (detach: () => void) => offerKeys(compose.host, { detach }) } : {}),
    });
  } finally {
    run?.[Symbol.dispose]();
  }
}

/** Names of all containers are known before the first line, so that all lines are aligned. */
function newPrinter({ compose, project, flags, args }: UpCall): LogPrinter {
  const attached = attachedServices(project, flags, args);
  const sources = Object.values(project.services)
    .filter(({ name }) => attached.has(name))
    .map((service) => {
      const labels = {
        [LABEL.project]: project.name,
        [LABEL.service]: service.name,
        [LABEL.containerNumber]: "1",
      };
      return shortName(containerName(project.name, service, 1, "-"), labels);
    });
  return new LogPrinter(compose.host, {
    hasColor: compose.hasAnsi && !flags["no-color"],
    hasPrefix: !flags["no-log-prefix"],
    timestamps: flags.timestamps,
    sources: sources.sort(),
  });
}

function warnOfJobs(compose: ComposeSession, { jobs }: Project): void {
  const scheduled = Object.values(jobs).filter(({ triggers }) => triggers?.schedule?.length);
  if (scheduled.length > 0)
    throw new CliError(`scheduled jobs are not supported: ${scheduled.map(({ name }) => name).join(", ")}`);
  const names = Object.keys(jobs).sort();
  if (names.length > 0) void compose.warn(`jobs are not started by up: ${names.join(", ")}`);
}
