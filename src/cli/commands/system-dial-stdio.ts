import { defineCommand, NO_ARGUMENTS } from "../command.ts";

/** What `ssh://` endpoints run on the other machine. */
export const command = defineCommand({
  usage: "",
  arguments: NO_ARGUMENTS,
  flags: {},
  async run({ session }) {
    const { http } = await session.client();
    const { stdin, stdout } = session.host;
    const channel = await http.openChannel();
    const send = async () => {
      for await (const chunk of stdin.stream()) await channel.write(chunk);
      channel.shutdown();
    };
    send().catch(() => channel.close());
    for (let chunk = await channel.read(); chunk; chunk = await channel.read()) await stdout.write(chunk);
  },
});
