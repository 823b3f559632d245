import { stopCommand } from "./_stop.ts";

export const command = stopCommand("restart");
