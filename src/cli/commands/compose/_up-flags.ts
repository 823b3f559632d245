import type { Project } from "#compose/model/types.ts";
import { CliError } from "../../errors.ts";
import type { UpFlags } from "./up.ts";

/** @throws CliError for flags that contradict each other, or that cannot be honoured */
export function checkUpFlags(flags: UpFlags): void {
  const stops = flags["abort-on-container-exit"] || flags["exit-code-from"] !== "";
  const follows =
    flags["attach-dependencies"] ||
    flags["abort-on-container-exit"] ||
    flags.attach.length > 0 ||
    flags.watch;
  if (flags.watch) throw new CliError("--watch: following source files comes with building");
  if (flags["wait-timeout"] < 0) throw new CliError("--wait-timeout must be a non-negative integer");
  if (flags["abort-on-container-failure"] && stops && flags["exit-code-from"] === "")
    throw new CliError("--abort-on-container-failure cannot be combined with --abort-on-container-exit");
  if (flags.wait && (follows || flags["abort-on-container-failure"]))
    throw new CliError(
      "--wait cannot be combined with --abort-on-container-exit, --abort-on-container-failure, --attach, --attach-dependencies or --watch",
    );
  if (flags.detach && (follows || stops || flags["abort-on-container-failure"]))
    throw new CliError(
      "--detach cannot be combined with --abort-on-container-exit, --abort-on-container-failure, --attach, --attach-dependencies or --watch",
    );
  if (flags.attach.length > 0 && flags["attach-dependencies"])
    throw new CliError("cannot combine --attach and --attach-dependencies");
}

/** The services whose output is shown. @throws CliError for one that does not take part */
export function attachedServices(
  project: Project,
  flags: Pick<UpFlags, "attach" | "attach-dependencies" | "no-attach">,
  named: readonly string[],
): ReadonlySet<string> {
  const unknown = flags.attach.filter((name) => !(name in project.services));
  if (unknown.length > 0)
    throw new CliError(`cannot attach to services not included in up: ${unknown.join(", ")}`);
  const all = Object.values(project.services).filter(({ attach }) => attach !== false);
  const launched = all.filter(
    ({ name }) => named.length === 0 || flags["attach-dependencies"] || named.includes(name),
  );
  const names = flags.attach.length > 0 ? flags.attach : launched.map(({ name }) => name);
  return new Set(names.filter((name) => !flags["no-attach"].includes(name)));
}
