import { defineCommand } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool } from "../flag-kinds.ts";
import { type FetchedReference, fetchReference } from "../manifest/fetch.ts";
import { encodeList } from "../manifest/list-document.ts";
import { listName, ManifestStore } from "../manifest/store.ts";
import { type ImageManifest, manifestOf } from "../manifest/types.ts";

export const command = defineCommand({
  usage: "[OPTIONS] [MANIFEST_LIST] MANIFEST",
  arguments: { min: 1, max: 2 },
  flags: {
    insecure: bool("Speak to registries without or with unknown certificates"),
    verbose: bool("Also show platform and name of each image", { short: "v" }),
  },
  async run({ session, args, flags }) {
    const store = new ManifestStore(session.configDirectory);
    const names = args.map(listName);
    if (names.length === 2) {
      const [list, image] = names as [string, string];
      const known = store.image(list, image);
      if (!known) throw new CliError(`No such manifest: ${image}`);
      return await session.print(`${showImage(known, flags.verbose)}\n`);
    }
    const name = names[0]!;
    const local = store.images(name);
    if (local.length > 0)
      return await session.print(`${flags.verbose ? encode(local) : encodeList(local)}\n`);
    await session.print(`${await showFetched(await fetchReference(session, name, flags), flags.verbose)}\n`);
  },
});

async function showFetched(fetched: FetchedReference, isVerbose: boolean): Promise<string> {
  if (fetched.kind === "image") return showImage(fetched.image, isVerbose);
  return isVerbose ? encode(await fetched.images()) : JSON.stringify(fetched.index, undefined, 3);
}

function showImage(image: ImageManifest, isVerbose: boolean): string {
  return encode(isVerbose ? image : manifestOf(image));
}

function encode(value: unknown): string {
  return JSON.stringify(value, undefined, "\t");
}
