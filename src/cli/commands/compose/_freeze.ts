import { ANY_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { type EachOptions, eachContainer } from "./_each.ts";

/** `pause` and its opposite: one call to each container in the state that the other one leaves it in. */
export function freezeVerb({
  state,
  ...options
}: Omit<EachOptions, "services" | "states"> & { readonly state: "running" | "paused" }) {
  return defineVerb({
    usage: "[SERVICE...]",
    arguments: ANY_ARGUMENTS,
    flags: {},
    run: ({ compose, args }) => eachContainer(compose, { ...options, services: args, states: [state] }),
  });
}
