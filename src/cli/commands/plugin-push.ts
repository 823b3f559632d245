import { familiarReference, parseReference, withDefaultTag } from "#spec/reference.ts";
import { defineCommand, ONE_ARGUMENT } from "../command.ts";
import { registryAuthHeader } from "../credentials.ts";
import { CliError } from "../errors.ts";
import { bool } from "../flag-kinds.ts";
import { showProgress } from "../progress.ts";

export const command = defineCommand({
  usage: "[OPTIONS] PLUGIN[:TAG]",
  arguments: ONE_ARGUMENT,
  completes: "plugins",
  flags: {
    "disable-content-trust": bool("Accepted for old scripts; nothing is signed", {
      initial: true,
      hidden: true,
    }),
  },
  async run({ session, args: [name] }) {
    const reference = withDefaultTag(parseReference(name!));
    if (reference.digest) throw new CliError(`invalid name: ${name}`);
    const source = { config: session.config, env: session.host.env };
    const auth = await registryAuthHeader(source, reference.domain);
    const { plugins } = await session.client();
    await showProgress(plugins.push(familiarReference(reference), auth), session.host.stdout);
  },
});
