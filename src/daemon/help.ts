import { DAEMON_OPTIONS, type DaemonOption, type OptionKind } from "./options.ts";

/** What stands for the value in help; "" for a switch. */
const VALUE_WORDS: Readonly<Record<OptionKind, string>> = {
  text: "string",
  yesNo: "",
  whole: "int",
  list: "list",
  map: "map",
  runtimes: "runtime",
  ulimits: "ulimit",
  switches: "map",
  pools: "pool-options",
  policy: "string",
  proxies: "",
  registries: "",
};

/** What `wharf daemon --help` prints. */
export function daemonHelp(): string {
  const rows = DAEMON_OPTIONS.filter(({ flag }) => flag !== undefined).map((option) => ({
    title: titleOf(option),
    text: option.shown ? `${option.text} (default ${option.shown})` : option.text,
  }));
  const width = Math.max(...rows.map(({ title }) => title.length)) + 3;
  const lines = rows.map(({ title, text }) => `${title.padEnd(width)}${text}`);
  return `
Usage:  wharf daemon [OPTIONS]

A self-sufficient runtime for containers.

Options:
${lines.join("\n")}
`;
}

function titleOf({ flag, short, kind }: DaemonOption): string {
  const word = VALUE_WORDS[kind];
  return `${short ? `  -${short}, ` : "      "}--${flag}${word ? ` ${word}` : ""}`;
}
