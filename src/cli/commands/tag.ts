import { messageOf } from "#base/errors.ts";
import { parseReference, type Reference, repositoryName, withDefaultTag } from "#spec/reference.ts";
import { defineCommand, TWO_ARGUMENTS } from "../command.ts";
import { CliError } from "../errors.ts";

export const command = defineCommand({
  usage: "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
  arguments: TWO_ARGUMENTS,
  completes: "images",
  flags: {},
  async run({ session, args: [source, target] }) {
    const reference = withDefaultTag(parseTarget(target!));
    if (!reference.tag) throw new CliError("refusing to create a tag with a digest reference");
    const { images } = await session.client();
    await images.tag(source!, repositoryName(reference), reference.tag);
  },
});

function parseTarget(text: string): Reference {
  try {
    return parseReference(text);
  } catch (error) {
    throw new CliError(
      `Error parsing reference: ${JSON.stringify(text)} is not a valid repository/tag: ${messageOf(error)}`,
    );
  }
}
