import { followLogs, showLogs } from "#compose/engine/follow/logs.ts";
import { isReplica } from "#compose/engine/lifecycle.ts";
import { shortName } from "#compose/engine/names.ts";
import { ANY_ARGUMENTS } from "../../command.ts";
import { LogPrinter } from "../../compose/log-printer.ts";
import { defineVerb } from "../../compose/verb.ts";
import { CliError } from "../../errors.ts";
import { bool, int, string } from "../../flag-kinds.ts";
import { parseTimestamp } from "../../parse/time.ts";
import { onInterrupt } from "../../signals.ts";
import { checkNames } from "./_each.ts";

export const verb = defineVerb({
  usage: "[OPTIONS] [SERVICE...]",
  arguments: ANY_ARGUMENTS,
  flags: {
    follow: bool("Go on showing what is written", { short: "f" }),
    index: int("Number of the container, of a service that has several"),
    "no-color": bool("Show output without colours"),
    "no-log-prefix": bool("Show output without the names of containers"),
    since: string('Only what was written after this time (such as "2026-01-02T13:23:37Z", or "42m" ago)'),
    tail: string("Only so many lines from the end of each log", { short: "n", initial: "all" }),
    timestamps: bool("Show when each line was written", { short: "t" }),
    until: string('Only what was written before this time (such as "2026-01-02T13:23:37Z", or "42m" ago)'),
  },
  async run({ compose, args, flags }) {
    if (flags.index > 0 && args.length !== 1)
      throw new CliError("--index requires one service to be selected");
    const { project, hasFiles } = await compose.projectOrEngine();
    checkNames(project, args, hasFiles);
    const isWanted = (service: string) =>
      args.length > 0
        ? args.includes(service)
        : service in project.services && project.services[service]!.attach !== false;
    const containers = (await compose.containers())
      .filter(
        (one) => isReplica(one) && isWanted(one.service) && (flags.index === 0 || one.number === flags.index),
      )
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    if (flags.index > 0 && containers.length === 0)
      throw new CliError(`service "${args[0]}" is not running container #${flags.index}`);
    const time = (text: string) => (text ? parseTimestamp(text, compose.host.now()) : "");
    const [since, until] = [time(flags.since), time(flags.until)];
    const sink = new LogPrinter(compose.host, {
      hasColor: compose.hasAnsi && !flags["no-color"],
      hasPrefix: !flags["no-log-prefix"],
      timestamps: false,
      sources: containers.map(({ name, labels }) => shortName(name, labels)),
    });
    const options = {
      project: project.name,
      containers,
      sink,
      tail: flags.tail,
      timestamps: flags.timestamps,
      ...(since ? { since } : {}),
      ...(until ? { until } : {}),
    };
    const context = await compose.context();
    if (!flags.follow) return await showLogs(context, options);
    const abort = new AbortController();
    let wasInterrupted = false;
    using _interrupts = onInterrupt(() => {
      wasInterrupted = true;
      abort.abort();
    });
    const services = new Set(Object.keys(project.services).filter(isWanted));
    await followLogs(context, { ...options, services, signal: abort.signal }).catch((error) => {
      if (!wasInterrupted) throw error;
    });
    return wasInterrupted ? INTERRUPTED_EXIT_CODE : 0;
  },
});

/** What a shell reports for SIGINT. */
const INTERRUPTED_EXIT_CODE = 130;
