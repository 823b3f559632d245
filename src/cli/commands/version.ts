import { messageOf } from "#base/errors.ts";
import type { SystemVersion, VersionComponent } from "#spec/docker/system.ts";
import { MAX_API_VERSION } from "#spec/docker/versions.ts";
import { defineCommand, NO_ARGUMENTS } from "../command.ts";
import { contextName } from "../endpoint.ts";
import { CliError } from "../errors.ts";
import { string } from "../flag-kinds.ts";
import { goDate } from "../format/human.ts";
import { VERSION } from "../version.ts";
import { OBJECT_FORMAT_TEXT } from "./_format-text.ts";
import { fillObject, readObjectTemplate } from "./_object-format.ts";

interface ClientVersion {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly DefaultAPIVersion: string;
  readonly GoVersion: string;
  readonly Os: string;
  readonly Arch: string;
  readonly Context: string;
}

export const command = defineCommand({
  usage: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: { format: string(OBJECT_FORMAT_TEXT, { short: "f" }) },
  async run({ session, flags }) {
    const template = flags.format ? await readObjectTemplate(flags.format, "version") : undefined;
    const engine = await session.client();
    let server: SystemVersion | undefined;
    let failure: unknown;
    try {
      server = await engine.system.version();
    } catch (error) {
      failure = error;
    }
    const client: ClientVersion = {
      Version: VERSION,
      ApiVersion: engine.http.apiVersion,
      DefaultAPIVersion: MAX_API_VERSION,
      GoVersion: `bun${Bun.version}`,
      Os: process.platform,
      Arch: process.arch === "x64" ? "amd64" : process.arch,
      Context: contextName(session.endpointSources),
    };
    const versions = { Client: client, ...(server ? { Server: server } : {}) };
    await session.print(
      template
        ? fillObject(template, versions, "versions")
        : clientText(client) + (server ? serverText(server) : ""),
    );
    if (failure !== undefined) throw failure instanceof Error ? failure : new CliError(messageOf(failure));
  },
});

const LABEL_CELLS = 20;

/** "  Version:          28.2.2": labels as wide as the widest, behind their indentation. */
function line(indent: string, label: string, value: string): string {
  return `${`${indent}${label}:`.padEnd(LABEL_CELLS)}${value}\n`;
}

function clientText({
  Version,
  ApiVersion,
  DefaultAPIVersion,
  GoVersion,
  Os,
  Arch,
  Context,
}: ClientVersion): string {
  const api =
    ApiVersion === DefaultAPIVersion ? ApiVersion : `${ApiVersion} (downgraded from ${DefaultAPIVersion})`;
  return [
    "Client:\n",
    line(" ", "Version", Version),
    line(" ", "API version", api),
    line(" ", "Bun version", GoVersion.replace(/^bun/, "")),
    line(" ", "OS/Arch", `${Os}/${Arch}`),
    line(" ", "Context", Context),
  ].join("");
}

function serverText(server: SystemVersion): string {
  const platform = server.Platform?.Name ? ` ${server.Platform.Name}` : "";
  return `\nServer:${platform}\n${componentsOf(server).map(componentText).join("")}`;
}

/** Old engines do not list their parts: then the engine itself is the one. */
function componentsOf(server: SystemVersion): readonly VersionComponent[] {
  if (server.Components?.length) return server.Components;
  const {
    Version,
    ApiVersion,
    MinAPIVersion,
    GitCommit,
    GoVersion,
    Os,
    Arch,
    BuildTime,
    Experimental = false,
  } = server;
  const details = {
    ApiVersion,
    MinAPIVersion,
    GitCommit,
    GoVersion,
    Os,
    Arch,
    BuildTime,
    Experimental: String(Experimental),
  };
  return [{ Name: "Engine", Version, Details: details }];
}

function componentText({ Name, Version, Details = {} }: VersionComponent): string {
  const details =
    Name === "Engine" ? engineDetails(Details) : Object.entries(Details).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    ` ${Name}:\n`,
    line("  ", "Version", Version),
    ...details.map(([label, value]) => line("  ", label, value)),
  ].join("");
}

/** What an engine does not know of itself is left out. */
function engineDetails(details: Readonly<Record<string, string>>): [label: string, value: string][] {
  const { ApiVersion, MinAPIVersion = "", GoVersion = "", GitCommit = "", BuildTime = "" } = details;
  const { Os, Arch, Experimental = "false" } = details;
  const all: [label: string, value: string][] = [
    ["API version", `${ApiVersion} (minimum version ${MinAPIVersion})`],
    ["Go version", GoVersion],
    ["Git commit", GitCommit],
    ["Built", goDate(BuildTime)],
    ["OS/Arch", `${Os}/${Arch}`],
    ["Experimental", Experimental],
  ];
  return all.filter(([, value]) => value !== "");
}
