import { defineCommand, ONE_ARGUMENT } from "../command.ts";
import { COMPLETION_SCRIPTS } from "../completion.ts";
import { CliError } from "../errors.ts";

export const command = defineCommand({
  usage: "SHELL",
  arguments: ONE_ARGUMENT,
  description: `Write a completion script for bash, zsh or fish.

bash:  source <(wharf completion bash)
zsh:   source <(wharf completion zsh)
fish:  wharf completion fish | source`,
  flags: {},
  async run({ session, args: [shell] }) {
    const script = Object.hasOwn(COMPLETION_SCRIPTS, shell!)
      ? COMPLETION_SCRIPTS[shell as keyof typeof COMPLETION_SCRIPTS]
      : undefined;
    if (!script)
      throw new CliError(
        `unknown shell ${JSON.stringify(shell)}: must be one of ${Object.keys(COMPLETION_SCRIPTS).join(", ")}`,
      );
    await session.print(script);
  },
});
