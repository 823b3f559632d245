import { describe, expect, test } from "bun:test";
import { COMMANDS } from "./commands/all.ts";
import { bool, list, string } from "./flag-kinds.ts";
import { parseFlags } from "./flags.ts";
import { GLOBAL_FLAGS } from "./global-flags.ts";
import { commandHelp, flagLines } from "./help.ts";
import { NO_GLOBAL_FLAGS } from "./no-global-flags.ts";

test("flagLines() aligns, sorts, wraps, shows defaults and hides what is hidden", () => {
  const flags = {
    zone: list("Short text", { short: "z" }),
    all: bool("A text that is longer than what fits on one line of this narrow screen", { initial: true }),
    secret: bool("never shown", { hidden: true }),
    mode: string("Mode", { initial: "fast" }),
  };
  expect(flagLines(flags, 50)).toBe(
    [
      "      --all           A text that is longer",
      "                      than what fits on one",
      "                      line of this narrow",
      "                      screen (default true)",
      '      --mode string   Mode (default "fast")',
      "  -z, --zone list     Short text",
    ].join("\n"),
  );
});

test("commandHelp() shows usage, text, other names and options", () => {
  const entry = {
    names: ["ps", "container ls"],
    short: "List containers",
    load: async () => ({ command: undefined as never }),
  };
  const command = {
    usage: "[OPTIONS]",
    flags: { quiet: bool("Only ids", { short: "q" }) },
    arguments: { min: 0 },
    run: async () => {},
  };
  expect(commandHelp("wharf ps", entry, command, 80)).toBe(
    "Usage:  wharf ps [OPTIONS]\n\nList containers\n\nAliases:\n  wharf container ls, wharf ps\n\nOptions:\n  -q, --quiet   Only ids\n",
  );
});

test("NO_GLOBAL_FLAGS is what parsing no flags gives", () => {
  expect(parseFlags([], GLOBAL_FLAGS, { interspersed: false }).values).toEqual(NO_GLOBAL_FLAGS);
});

describe("the command table", () => {
  test("COMMANDS gives every name once", () => {
    const names = COMMANDS.flatMap((entry) => [...entry.names, ...(entry.aliases ?? [])]);
    expect(names).toEqual([...new Set(names)]);
  });

  for (const entry of COMMANDS)
    test(`COMMANDS loads ${entry.names[0]}, whose flags have texts and letters of their own`, async () => {
      const { command } = await entry.load();
      const flags = Object.values(command.flags) as { text: string; short?: string }[];
      const letters = flags.map(({ short }) => short).filter(Boolean);
      expect(letters).toEqual([...new Set(letters)]);
      expect(flags.every(({ text }) => text.length > 0)).toBe(true);
    });
});
