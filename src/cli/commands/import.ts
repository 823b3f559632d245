import { defineCommand } from "../command.ts";
import { list, string } from "../flag-kinds.ts";
import { showProgress } from "../progress.ts";

export const command = defineCommand({
  usage: "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]",
  arguments: { min: 1 },
  flags: {
    change: list("Dockerfile instruction that sets something of the image", { short: "c" }),
    message: string("Comment on the image", { short: "m" }),
    platform: string("Platform of the image (os[/arch[/variant]])"),
  },
  async run({ session, args: [source, name], flags }) {
    const { stdin, stdout } = session.host;
    const isUrl = /^https?:\/\//.test(source!);
    const file = async () => (await import("../files.ts")).openForReading(source!);
    const body = isUrl ? undefined : source === "-" ? stdin.stream() : await file();
    const { images } = await session.client();
    const lines = images.import({
      source: isUrl ? source! : "-",
      body,
      repository: name,
      message: flags.message,
      changes: flags.change,
      platform: flags.platform,
    });
    await showProgress(lines, stdout);
  },
});
