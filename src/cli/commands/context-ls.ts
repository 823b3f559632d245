import { defineCommand, NO_ARGUMENTS } from "../command.ts";
import { listContexts, readContext } from "../contexts.ts";
import { contextName } from "../endpoint.ts";
import { bool, string } from "../flag-kinds.ts";
import { compareNaturally } from "../format/labels.ts";
import { type Column, formatRows, type Listing } from "../format/rows.ts";
import { ellipsis } from "../format/table.ts";
import type { Session } from "../session.ts";
import { DEFAULT_DESCRIPTION, defaultContext, hidingVariable } from "./_contexts.ts";
import { FORMAT_TEXT } from "./_format-text.ts";

const ERROR_CELLS = 45;

interface ContextRow {
  readonly name: string;
  readonly isCurrent: boolean;
  readonly description: string;
  readonly endpoint: string;
  readonly error: string;
}

export const command = defineCommand({
  usage: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: {
    format: string(FORMAT_TEXT),
    quiet: bool("Show only names", { short: "q" }),
  },
  async run({ session, flags }) {
    const rows = contextRows(session);
    await session.print(
      await formatRows(rows, CONTEXT_LISTING, { format: flags.format, quiet: flags.quiet }),
    );
    const variable = hidingVariable(session);
    if (!variable || flags.quiet || session.flags.context || session.flags.host.length > 0) return;
    await session.warn(
      `Warning: ${variable} environment variable overrides the active context. ` +
        `To use a context, either set the global --context flag, or unset ${variable} environment variable.\n`,
    );
  },
});

function contextRows(session: Session): ContextRow[] {
  const current = contextName(session.endpointSources);
  const own = defaultContext(session);
  const contexts = [
    { ...own, Metadata: { Description: DEFAULT_DESCRIPTION } },
    ...listContexts(session.configDirectory),
  ];
  const rows = contexts.map(({ Name, Metadata, Endpoints }) => ({
    name: Name,
    isCurrent: Name === current,
    description: Metadata.Description ?? "",
    endpoint: Endpoints.docker?.Host ?? "",
    error: "",
  }));
  if (!rows.some(({ isCurrent }) => isCurrent)) rows.push(missingRow(session, current));
  return rows.sort((a, b) => compareNaturally(a.name, b.name));
}

/** The chosen context is gone: that is shown, as every other command will fail. */
function missingRow(session: Session, name: string): ContextRow {
  const row = { name, isCurrent: true, description: "", endpoint: "" };
  try {
    readContext(session.configDirectory, name);
    return { ...row, error: "" };
  } catch (error) {
    return { ...row, error: (error as Error).message };
  }
}

const NAME_WITH_MARK: Column<ContextRow> = {
  title: "NAME",
  value: ({ name, isCurrent }) => (isCurrent ? `${name} *` : name),
};

const CONTEXT_LISTING: Listing<ContextRow> = {
  typeName: "context",
  quiet: ({ name }) => name,
  table: [NAME_WITH_MARK, "Description", "DockerEndpoint", "Error"],
  columns: {
    Name: { title: "NAME", value: ({ name }) => name },
    Description: { title: "DESCRIPTION", value: ({ description }) => ellipsis(description, 60) },
    DockerEndpoint: { title: "DOCKER ENDPOINT", value: ({ endpoint }) => endpoint },
    Error: { title: "ERROR", value: ({ error }) => ellipsis(error, ERROR_CELLS) },
    Current: { title: "CURRENT", value: ({ isCurrent }) => isCurrent },
  },
};
