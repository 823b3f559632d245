import { familiarReference, parseReference, withDefaultTag } from "#spec/reference.ts";
import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool, string } from "../flag-kinds.ts";
import { showProgress } from "../progress.ts";
import { GRANT_FLAGS, grantedPrivileges, remoteOf } from "./_plugin-grant.ts";

/** As long as Docker's client lets an installed plugin take. */
const TIMEOUT_SECONDS = 30;

export const command = defineCommand({
  usage: "[OPTIONS] PLUGIN [KEY=VALUE...]",
  arguments: SOME_ARGUMENTS,
  flags: {
    ...GRANT_FLAGS,
    alias: string("What the plugin is called here"),
    disable: bool("Do not enable it"),
  },
  async run({ session, args: [remote, ...settings], flags }) {
    const name = localName(flags.alias || remote!);
    const asked = await remoteOf(session, remote!);
    const granted = await grantedPrivileges(session, { ...asked, grantAll: flags["grant-all-permissions"] });
    const { plugins } = await session.client();
    const lines = plugins.pull({ ...asked, name: flags.alias || undefined }, granted);
    await showProgress(lines, session.host.stdout);
    if (settings.length > 0) await plugins.set(name, settings);
    if (!flags.disable) await plugins.enable(name, TIMEOUT_SECONDS);
    await session.print(`Installed plugin ${remote}\n`);
  },
});

/** @throws CliError in Docker's words */
function localName(text: string): string {
  const { digest, ...reference } = parseReference(text);
  if (digest && !reference.tag) throw new CliError(`invalid name: ${text}`);
  return familiarReference(withDefaultTag(reference));
}
