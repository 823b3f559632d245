import { ANY_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { eachContainer } from "./_each.ts";

export const verb = defineVerb({
  usage: "[SERVICE...]",
  arguments: ANY_ARGUMENTS,
  flags: {},
  run: ({ compose, args }) =>
    eachContainer(compose, {
      operation: "pause",
      services: args,
      states: ["running"],
      working: "Pausing",
      done: "Paused",
      call: ({ client }, { id }) => client.containers.pause(id),
    }),
});
