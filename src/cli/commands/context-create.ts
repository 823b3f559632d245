import { readIfExists } from "#base/fs.ts";
import { parseEndpoint } from "#client/endpoint.ts";
import { defineCommand, ONE_ARGUMENT } from "../command.ts";
import {
  type ContextMeta,
  checkContextName,
  metaDirectory,
  readContext,
  tlsDirectory,
  tlsFilesOf,
  writeContext,
} from "../contexts.ts";
import { DEFAULT_CONTEXT } from "../endpoint.ts";
import { CliError } from "../errors.ts";
import { readText } from "../files.ts";
import { string, stringToString } from "../flag-kinds.ts";
import type { Session } from "../session.ts";
import { DEFAULT_DESCRIPTION, defaultContext } from "./_contexts.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTEXT",
  arguments: ONE_ARGUMENT,
  description: `Name an engine.

The engine is given by pairs of --docker:
  from              take it from this context
  host              address of the engine
  ca, cert, key     files for TLS
  skip-tls-verify   do not check the engine's certificate

Example: wharf context create lab --docker host=tcp://lab:2376,ca=ca.pem`,
  flags: {
    description: string("What it is for"),
    docker: stringToString("Address of the engine and its TLS files"),
    from: string("Take everything from this context"),
  },
  async run({ session, args: [name], flags }) {
    checkContextName(name!);
    if (readIfExists(`${metaDirectory(session.configDirectory, name!)}/meta.json`) !== undefined)
      throw new CliError(`context ${JSON.stringify(name)} already exists`);
    const { meta, tls } = planContext(session, flags);
    writeContext(session.configDirectory, { ...meta, Name: name! }, tls);
    await session.print(`${name}\n`);
    await session.warn(`Successfully created context ${JSON.stringify(name)}\n`);
  },
});

interface CreateFlags {
  readonly description: string;
  readonly docker: Readonly<Record<string, string>>;
  readonly from: string;
}

interface NewContext {
  readonly meta: Omit<ContextMeta, "Name">;
  readonly tls: Record<string, string>;
}

const DOCKER_KEYS = ["from", "host", "ca", "cert", "key", "skip-tls-verify"];

function planContext(session: Session, { description, docker, from }: CreateFlags): NewContext {
  for (const key of Object.keys(docker))
    if (!DOCKER_KEYS.includes(key))
      throw new CliError(`unable to create docker endpoint config: ${key}: unrecognized config key`);
  const isCopy = from !== "" || docker.from !== undefined || Object.keys(docker).length === 0;
  const base = isCopy ? copyOf(session, from || docker.from || DEFAULT_CONTEXT) : fromPairs(docker);
  const text =
    description ||
    base.meta.Metadata.Description ||
    (isCopy && !from && !docker.from ? DEFAULT_DESCRIPTION : "");
  return {
    ...base,
    meta: {
      ...base.meta,
      Metadata: text ? { ...base.meta.Metadata, Description: text } : base.meta.Metadata,
    },
  };
}

function copyOf(session: Session, name: string): NewContext {
  const { configDirectory } = session;
  const { Name: _name, ...meta } =
    name === DEFAULT_CONTEXT ? defaultContext(session) : readContext(configDirectory, name);
  const directory = `${tlsDirectory(configDirectory, name)}/docker`;
  return {
    meta,
    tls: Object.fromEntries(
      tlsFilesOf(configDirectory, name).map((file) => [file, readText(`${directory}/${file}`)]),
    ),
  };
}

function fromPairs(docker: Readonly<Record<string, string>>): NewContext {
  if (docker.host) parseEndpoint(docker.host); // an address that cannot be read is told now
  const tls: Record<string, string> = {};
  for (const kind of ["ca", "cert", "key"]) if (docker[kind]) tls[`${kind}.pem`] = readText(docker[kind]!);
  const endpoint = {
    ...(docker.host ? { Host: docker.host } : {}),
    SkipTLSVerify: docker["skip-tls-verify"] === "true",
  };
  return { meta: { Metadata: {}, Endpoints: { docker: endpoint } }, tls };
}
