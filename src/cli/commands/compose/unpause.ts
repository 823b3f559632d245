import { ANY_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { eachContainer } from "./_each.ts";

export const verb = defineVerb({
  usage: "[SERVICE...]",
  arguments: ANY_ARGUMENTS,
  flags: {},
  run: ({ compose, args }) =>
    eachContainer(compose, {
      operation: "unpause",
      services: args,
      states: ["paused"],
      working: "Unpausing",
      done: "Unpaused",
      call: ({ client }, { id }) => client.containers.unpause(id),
    }),
});
