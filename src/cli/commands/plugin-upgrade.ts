import { canonicalReference, familiarReference, parseReference, withDefaultTag } from "#spec/reference.ts";
import { defineCommand } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool } from "../flag-kinds.ts";
import { showProgress } from "../progress.ts";
import { GRANT_FLAGS, grantedPrivileges, hasAgreed, remoteOf } from "./_plugin-grant.ts";

export const command = defineCommand({
  usage: "[OPTIONS] PLUGIN [REMOTE]",
  arguments: { min: 1, max: 2 },
  completes: "plugins",
  flags: {
    ...GRANT_FLAGS,
    "skip-remote-check": bool("Do not ask when the new one comes from another place"),
  },
  async run({ session, args: [name, given], flags }) {
    const { plugins } = await session.client();
    const plugin = await plugins.inspect(name!);
    if (plugin.Enabled) throw new CliError("the plugin must be disabled before upgrading");
    const old = withDefaultTag(parseReference(plugin.PluginReference));
    const remote = withDefaultTag(parseReference(given ?? plugin.PluginReference));
    const shown = familiarReference(remote);
    await session.print(`Upgrading plugin ${plugin.Name} from ${familiarReference(old)} to ${shown}\n`);
    const isSame = canonicalReference(old) === canonicalReference(remote);
    if (!isSame && !flags["skip-remote-check"])
      if (!(await hasAgreed(session, "Plugin images do not match, are you sure?"))) return;
    const asked = await remoteOf(session, shown);
    const granted = await grantedPrivileges(session, { ...asked, grantAll: flags["grant-all-permissions"] });
    await showProgress(plugins.upgrade(plugin.Name, asked, granted), session.host.stdout);
    await session.print(`Upgraded plugin ${plugin.Name} to ${shown}\n`);
  },
});
