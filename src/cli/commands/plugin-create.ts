import { statSync } from "node:fs";
import { compress } from "#base/compress.ts";
import { writeTar } from "#base/tar-write.ts";
import { defineCommand, TWO_ARGUMENTS } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool } from "../flag-kinds.ts";

export const command = defineCommand({
  usage: "[OPTIONS] PLUGIN DIRECTORY",
  arguments: TWO_ARGUMENTS,
  description:
    "Make a plugin from a directory that holds config.json and the files of its container in rootfs.",
  flags: { compress: bool("Compress what is sent with gzip") },
  async run({ session, args: [name, directory], flags }) {
    const { readText } = await import("../files.ts");
    checkConfig(`${directory}/config.json`, readText(`${directory}/config.json`));
    if (!statSync(`${directory}/rootfs`, { throwIfNoEntry: false })?.isDirectory())
      throw new CliError(`${directory}/rootfs is no directory: a plugin's files are in there`);
    const { localTree } = await import("../copy/local-tree.ts");
    const archive = writeTar(
      (function* () {
        yield* localTree(`${directory}/config.json`, "config.json");
        yield* localTree(`${directory}/rootfs`, "rootfs");
      })(),
    );
    const { plugins } = await session.client();
    await plugins.create(name!, flags.compress ? compress(archive, "gzip") : archive);
    await session.print(`${name}\n`);
  },
});

/** The engine looks closer; this spares sending what it would refuse. */
function checkConfig(path: string, text: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new CliError(`${path}: ${(error as Error).message}`);
  }
}
