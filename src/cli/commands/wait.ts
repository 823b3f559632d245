import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { CliError, shownMessage } from "../errors.ts";

export const command = defineCommand({
  usage: "CONTAINER [CONTAINER...]",
  arguments: SOME_ARGUMENTS,
  completes: "containers",
  flags: {},
  async run({ session, args }) {
    const { containers } = await session.client();
    const failures: string[] = [];
    for (const name of args) {
      try {
        const { result } = await containers.wait(name, "not-running");
        const { StatusCode, Error: failure } = await result;
        if (failure) failures.push(failure.Message);
        else await session.print(`${StatusCode}\n`);
      } catch (error) {
        failures.push(shownMessage(error));
      }
    }
    if (failures.length > 0) throw new CliError(failures.join("\n"));
  },
});
