import { messageOf, NotFound } from "#base/errors.ts";
import { layerEvent } from "#compose/engine/act/pull.ts";
import { allSettled } from "#compose/engine/graph.ts";
import type { ComposeContext } from "#compose/engine/types.ts";
import { parseReference, repositoryName, withDefaultTag } from "#spec/reference.ts";
import { ANY_ARGUMENTS } from "../../command.ts";
import type { ComposeSession } from "../../compose/session.ts";
import { defineVerb } from "../../compose/verb.ts";
import { registryAuthHeader } from "../../credentials.ts";
import { bool } from "../../flag-kinds.ts";

export const verb = defineVerb({
  usage: "[OPTIONS] [SERVICE...]",
  arguments: ANY_ARGUMENTS,
  flags: {
    "ignore-missing": bool("Leave images out that are not here"),
    "ignore-push-failures": bool("Send what can be sent"),
    "include-deps": bool("Also send images of services that the named ones depend on"),
    quiet: bool("Do not show how far images have been sent", { short: "q" }),
  },
  async run({ compose, args, flags }) {
    const project = await compose.select(args, flags["include-deps"] ? "include" : "ignore");
    // Only what is made here has anything that a registry lacks.
    const images = Object.values(project.services).filter(({ build, image }) => build && image);
    const names = [...new Set(images.map(({ image }) => image!))];
    const isOptional = flags["ignore-push-failures"] || flags["ignore-missing"];
    await compose.operation("push", (context) =>
      allSettled(
        names.map((image) => pushImage(compose, context, { image, quiet: flags.quiet, isOptional })),
      ),
    );
  },
});

interface PushRequest {
  readonly image: string;
  readonly quiet: boolean;
  readonly isOptional: boolean;
}

async function pushImage(
  { session, flags }: ComposeSession,
  { client, limiter, onProgress }: ComposeContext,
  { image, quiet, isOptional }: PushRequest,
): Promise<void> {
  const id = `Image ${image}`;
  const reference = withDefaultTag(parseReference(image));
  onProgress({ id, status: "working", text: "Pushing" });
  try {
    if (!flags["dry-run"])
      await limiter.run(async () => {
        const source = { config: session.config, env: session.host.env };
        const registryAuth = await registryAuthHeader(source, reference.domain);
        const name = repositoryName(reference);
        for await (const line of client.images.push({ name, tag: reference.tag ?? "", registryAuth })) {
          const failure = line.errorDetail?.message ?? line.error;
          if (failure !== undefined) throw new NotFound(failure);
          const event = quiet ? undefined : layerEvent(id, line);
          if (event) onProgress(event);
        }
      });
    onProgress({ id, status: "done", text: "Pushed" });
  } catch (error) {
    onProgress({ id, status: isOptional ? "warning" : "error", text: messageOf(error) });
    if (!isOptional) throw error;
  }
}
