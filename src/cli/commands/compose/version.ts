import { NO_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { CliError } from "../../errors.ts";
import { bool, string } from "../../flag-kinds.ts";
import { VERSION } from "../../version.ts";

export const verb = defineVerb({
  usage: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: {
    format: string('Format of the output ("pretty", "json")', { short: "f" }),
    short: bool("Show only the number"),
  },
  async run({ compose, flags }) {
    await compose.print(versionText(flags));
  },
});

export function versionText({ format, short }: { readonly format: string; readonly short: boolean }): string {
  if (!["", "pretty", "json"].includes(format))
    throw new CliError(`format value "${format}" could not be parsed: use "pretty" or "json"`);
  if (short) return `${VERSION}\n`;
  return format === "json"
    ? `${JSON.stringify({ version: VERSION })}\n`
    : `Wharf Compose version ${VERSION}\n`;
}
