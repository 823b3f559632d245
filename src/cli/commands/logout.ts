import { AT_MOST_ONE_ARGUMENT, defineCommand } from "../command.ts";
import { changeConfig } from "../config-write.ts";
import { credentialsKey, eraseFromHelper, helperFor } from "../credentials.ts";

export const command = defineCommand({
  usage: "[SERVER]",
  arguments: AT_MOST_ONE_ARGUMENT,
  description: "Forget the credentials for a registry.\nWithout a server, Docker Hub is meant.",
  flags: {},
  async run({ session, args: [server] }) {
    const key = credentialsKey(server ?? "");
    await session.print(`Removing login credentials for ${key}\n`);
    const helper = helperFor(session.config, key);
    if (helper) await eraseFromHelper({ helper, env: session.host.env }, key);
    const isInFile = Object.keys(session.config.auths ?? {}).some((name) => credentialsKey(name) === key);
    if (!isInFile) return;
    changeConfig(session.configDirectory, ({ auths }) => ({
      auths: Object.fromEntries(Object.entries(auths ?? {}).filter(([name]) => credentialsKey(name) !== key)),
    }));
  },
});
