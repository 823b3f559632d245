import { freezeVerb } from "./_freeze.ts";

export const verb = freezeVerb({
  operation: "pause",
  state: "running",
  working: "Pausing",
  done: "Paused",
  call: ({ client }, { id }) => client.containers.pause(id),
});
