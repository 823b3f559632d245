import { freezeVerb } from "./_freeze.ts";

export const verb = freezeVerb({
  operation: "unpause",
  state: "paused",
  working: "Unpausing",
  done: "Unpaused",
  call: ({ client }, { id }) => client.containers.unpause(id),
});
