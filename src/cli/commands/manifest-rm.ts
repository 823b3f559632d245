import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { listName, ManifestStore } from "../manifest/store.ts";

export const command = defineCommand({
  usage: "MANIFEST_LIST [MANIFEST_LIST...]",
  arguments: SOME_ARGUMENTS,
  flags: {},
  async run({ session, args }) {
    const store = new ManifestStore(session.configDirectory);
    const missing: string[] = [];
    for (const name of args.map(listName)) {
      if (store.has(name)) store.remove(name);
      else missing.push(name);
    }
    for (const name of missing) await session.warn(`No such manifest: ${name}\n`);
    return missing.length > 0 ? 1 : 0;
  },
});
