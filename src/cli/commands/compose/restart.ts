import { restartServices } from "#compose/engine/lifecycle.ts";
import type { Project, Service } from "#compose/model/types.ts";
import { ANY_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { bool, int } from "../../flag-kinds.ts";
import { stopTimeout } from "./_create.ts";

export const verb = defineVerb({
  usage: "[OPTIONS] [SERVICE...]",
  arguments: ANY_ARGUMENTS,
  flags: {
    "no-deps": bool("Leave services alone that depend on these"),
    timeout: int("Seconds containers get to end by themselves", { short: "t" }),
  },
  async run({ compose, args, flags, given }) {
    const { project } = await compose.projectOrEngine();
    const { selectServices } = await import("#compose/model/select.ts");
    const concerned = selectServices(onlyRestarts(project), args, flags["no-deps"] ? "ignore" : "dependents");
    await compose.operation("restart", (context) =>
      restartServices(context, concerned, stopTimeout(flags.timeout, given.has("timeout"))),
    );
  },
});

/** Only what says `restart: true` about another service comes along with it. */
function onlyRestarts(project: Project): Project {
  const services = Object.entries(project.services).map(([name, service]): [string, Service] => {
    const kept = Object.entries(service.depends_on ?? {}).filter(([, { restart }]) => restart);
    return [name, { ...service, depends_on: Object.fromEntries(kept) }];
  });
  return { ...project, services: Object.fromEntries(services) };
}
