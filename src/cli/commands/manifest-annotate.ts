import { defineCommand } from "../command.ts";
import { CliError } from "../errors.ts";
import { string, strings } from "../flag-kinds.ts";
import { platformFields } from "../manifest/fetch.ts";
import { checkPlatform } from "../manifest/list-document.ts";
import { listName, ManifestStore } from "../manifest/store.ts";

export const command = defineCommand({
  usage: "[OPTIONS] MANIFEST_LIST MANIFEST",
  arguments: { min: 2, max: 2 },
  flags: {
    arch: string("Architecture the image is for"),
    os: string("Operating system the image is for"),
    "os-features": strings("Features of the operating system it needs"),
    "os-version": string("Version of the operating system it needs"),
    variant: string("Variant of the architecture"),
  },
  async run({ session, args, flags }) {
    const [list, image] = args.map(listName) as [string, string];
    const store = new ManifestStore(session.configDirectory);
    const known = store.image(list, image);
    if (!known) throw new CliError(`manifest for image ${image} does not exist in ${list}`);
    const before = known.Descriptor.platform ?? { os: "", architecture: "" };
    const platform = platformFields(
      {
        architecture: flags.arch || before.architecture,
        os: flags.os || before.os,
        variant: flags.variant || before.variant,
      },
      {
        "os.version": flags["os-version"] || before["os.version"],
        "os.features": [...new Set([...(before["os.features"] ?? []), ...flags["os-features"]])],
      },
    );
    checkPlatform(platform.os, platform.architecture);
    store.save(list, { ...known, Descriptor: { ...known.Descriptor, platform } });
  },
});
