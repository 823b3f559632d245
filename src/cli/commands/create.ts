import type { ContainerCreateRequest } from "#spec/docker/containers.ts";
import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { createContainer, planFromFlags } from "../create/create.ts";
import { CONTAINER_FLAGS } from "../create/flags.ts";
import { RUN_FAILED, showRunFailure } from "./_run-failure.ts";

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
  arguments: SOME_ARGUMENTS,
  interspersed: false,
  completes: "images",
  flags: CONTAINER_FLAGS,
  async run({ session, args: [image, ...command], flags, given }) {
    const call = { session, image: image!, command, flags, given };
    let body: ContainerCreateRequest;
    try {
      body = await planFromFlags(call);
    } catch (error) {
      await showRunFailure(session, error);
      return RUN_FAILED;
    }
    await session.print(`${await createContainer(call, body)}\n`);
  },
});
