/** Managed plugins of tests: one static program of ours as the whole of their files. */
import { join } from "node:path";
import type { TestDaemon } from "./daemon.ts";
import { testProgram } from "./programs.ts";

/** Where the program makes its socket, within its container. */
export const PLUGIN_PROGRAM = ["/plugin", "/run/docker/plugins/p.sock"] as const;

/** Files and configuration below the machine's directory, as `docker plugin create` wants them. @returns the directory */
export async function writePlugin({ machine }: TestDaemon, name: string, config: object): Promise<string> {
  const directory = join(machine.directory, name);
  // dockerd cannot make two plugins of the same files
  await machine.text([
    "sh",
    "-ec",
    `mkdir -p ${directory}/rootfs/data; cp ${await testProgram("plugin")} ${directory}/rootfs/plugin
    echo ${name} >${directory}/rootfs/name`,
  ]);
  await Bun.write(machine.outside(`${directory}/config.json`), JSON.stringify(config));
  return directory;
}

/** Of the program that runs; "" when none does. */
export async function pluginPid({ machine }: TestDaemon): Promise<string> {
  return (await machine.text(["sh", "-c", `pgrep -of '^${PLUGIN_PROGRAM.join(" ")}' || true`])).trim();
}
