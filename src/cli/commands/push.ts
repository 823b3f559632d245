import { canonicalReference, repositoryName } from "#spec/reference.ts";
import { defineCommand, ONE_ARGUMENT } from "../command.ts";
import { registryAuthHeader } from "../credentials.ts";
import { bool, string } from "../flag-kinds.ts";
import { SILENT, showProgress } from "../progress.ts";
import { chooseTag } from "../tag-choice.ts";
import { platformQuery } from "./_platform.ts";

export const command = defineCommand({
  usage: "[OPTIONS] NAME[:TAG]",
  arguments: ONE_ARGUMENT,
  completes: "images",
  flags: {
    "all-tags": bool("Send all tags of the repository", { short: "a" }),
    compression: string("Of layers that have no compressed form yet: gzip or zstd", { initial: "gzip" }),
    "disable-content-trust": bool("Accepted for old scripts; nothing is signed", {
      initial: true,
      hidden: true,
    }),
    platform: string("Send only this platform of an image for several (os[/arch[/variant]])"),
    quiet: bool("Say only the name of the image", { short: "q" }),
  },
  async run({ session, args: [name], flags }) {
    const reference = await chooseTag(session, name!, flags);
    const { images } = await session.client();
    const lines = images.push({
      name: reference.digest ? canonicalReference(reference) : repositoryName(reference),
      tag: reference.tag ?? "",
      platform: platformQuery(flags.platform),
      compression: flags.compression === "gzip" ? undefined : flags.compression,
      registryAuth: await registryAuthHeader(
        { config: session.config, env: session.host.env },
        reference.domain,
      ),
    });
    const notes: string[] = [];
    const output = flags.quiet ? SILENT : session.host.stdout;
    await showProgress(lines, output, (aux) => notes.push(...noteOf(aux)));
    if (flags.quiet) await session.print(`${canonicalReference(reference)}\n`);
    for (const note of notes) await session.warn(`\n${note}\n`);
  },
});

interface InsteadOfIndex {
  readonly manifestPushedInsteadOfIndex?: boolean;
  readonly originalIndex?: { readonly digest: string };
  readonly selectedManifest?: { readonly digest: string };
}

/** What a push did otherwise than asked. */
function noteOf(aux: unknown): string[] {
  const { manifestPushedInsteadOfIndex, originalIndex, selectedManifest } = (aux ?? {}) as InsteadOfIndex;
  if (!manifestPushedInsteadOfIndex) return [];
  return [
    "Note: not all platforms of the image are here, so only the one that is was pushed:\n" +
      `${originalIndex?.digest} -> ${selectedManifest?.digest}`,
  ];
}
