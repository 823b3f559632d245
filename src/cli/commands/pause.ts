import { eachCommand } from "./_each.ts";

export const command = eachCommand("CONTAINER", ({ containers }, name) => containers.pause(name));
