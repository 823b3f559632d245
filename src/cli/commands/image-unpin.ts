import { eachCommand } from "./_each.ts";

export const command = eachCommand("IMAGE", ({ images }, name) => images.unpin(name));
