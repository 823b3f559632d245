import { NotFound } from "#base/errors.ts";
import { mustPull, platformOf, pullPolicy } from "#compose/engine/act/images.ts";
import { pullImage } from "#compose/engine/act/pull.ts";
import { allSettled } from "#compose/engine/graph.ts";
import type { ComposeContext } from "#compose/engine/types.ts";
import type { Project, Service } from "#compose/model/types.ts";
import { ANY_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { CliError } from "../../errors.ts";
import { bool, string } from "../../flag-kinds.ts";
import type { FlagValues } from "../../flags.ts";

const PULL_FLAGS = {
  "ignore-buildable": bool("Leave images alone that can be built"),
  "ignore-pull-failures": bool("Fetch what can be had"),
  "include-deps": bool("Also fetch images of services that the named ones depend on"),
  "no-parallel": bool("One image after the other", {
    initial: true,
    deprecated: "use --parallel of compose instead",
  }),
  parallel: bool("Several images at once", {
    initial: true,
    deprecated: "images are fetched at once anyway",
  }),
  policy: string('Which images to fetch ("missing", "always")'),
  quiet: bool("Do not show how far images have been fetched", { short: "q" }),
};

export const verb = defineVerb({
  usage: "[OPTIONS] [SERVICE...]",
  arguments: ANY_ARGUMENTS,
  flags: PULL_FLAGS,
  async run({ compose, args, flags }) {
    if (!["", "missing", "always"].includes(flags.policy))
      throw new CliError(
        `invalid value for --policy: ${JSON.stringify(flags.policy)}: use "missing" or "always"`,
      );
    const project = await compose.select(args, flags["include-deps"] ? "include" : "ignore");
    await compose.operation("pull", (context) => pullServices(context, project, flags));
  },
});

async function pullServices(
  context: ComposeContext,
  project: Project,
  flags: FlagValues<typeof PULL_FLAGS>,
): Promise<void> {
  const wanted = new Map<string, Service>();
  for (const service of Object.values(project.services)) {
    const skip = (details: string) =>
      context.onProgress({
        id: service.image ? `Image ${service.image}` : service.name,
        status: "done",
        text: "Skipped",
        details,
      });
    if (!service.image) skip("No image to be pulled");
    else if (service.build && flags["ignore-buildable"]) skip("Image can be built");
    else if (!(await isDue(context, service, flags.policy))) skip("Image is already present locally");
    else wanted.set(`${service.image} ${platformOf(project, service)}`, service);
  }
  const pulls = [...wanted.values()].map((service) =>
    pullImage(context, {
      image: service.image!,
      platform: platformOf(project, service),
      quiet: flags.quiet,
      isOptional: flags["ignore-pull-failures"] || service.build !== undefined,
    }),
  );
  await allSettled(pulls);
}

/** Somebody asked for it: without a policy an image is always looked for, and an interval counts as over. */
async function isDue({ client }: ComposeContext, service: Service, policyFlag: string): Promise<boolean> {
  const text = policyFlag || service.pull_policy;
  if (!text || text === "always") return true;
  const policy = pullPolicy(service, text);
  if (policy.kind === "refresh") return true;
  if (policy.kind === "never") return false;
  const found = await client.images.inspect(service.image!).catch((error: unknown) => {
    if (error instanceof NotFound) return undefined;
    throw error;
  });
  return mustPull(policy, found, Date.now());
}
