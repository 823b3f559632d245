import { parseReference } from "#spec/reference.ts";
import { defineCommand } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool } from "../flag-kinds.ts";
import { fetchReference } from "../manifest/fetch.ts";
import { listName, ManifestStore } from "../manifest/store.ts";
import type { ImageManifest } from "../manifest/types.ts";

export const command = defineCommand({
  usage: "MANIFEST_LIST MANIFEST [MANIFEST...]",
  arguments: { min: 2 },
  flags: {
    amend: bool("Add to a list that is there", { short: "a" }),
    insecure: bool("Speak to registries without or with unknown certificates"),
  },
  async run({ session, args: [given, ...names], flags }) {
    const list = listName(given!);
    const store = new ManifestStore(session.configDirectory);
    if (store.has(list) && !flags.amend)
      throw new CliError("refusing to amend an existing manifest list with no --amend flag");
    const images: ImageManifest[] = [];
    for (const name of names) {
      parseReference(name);
      const known = store.image(list, name);
      const fetched = known ? undefined : await fetchReference(session, listName(name), flags);
      if (fetched?.kind === "index") throw new CliError(`${listName(name)} is a manifest list`);
      images.push(known ?? fetched!.image);
    }
    for (const image of images) store.save(list, image); // all or none
    await session.print(`Created manifest list ${list}\n`);
  },
});
