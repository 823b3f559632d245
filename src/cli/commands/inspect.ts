import { NotFound } from "#base/errors.ts";
import type { Client } from "#client/client.ts";
import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool, string } from "../flag-kinds.ts";
import { OBJECT_FORMAT_TEXT } from "./_format-text.ts";
import { type FoundObject, inspectObjects } from "./_inspect.ts";

type Kind = NonNullable<FoundObject["kind"]>;

/** In the order in which a name is looked for. */
const FETCH: Readonly<Record<Kind, (client: Client, name: string, size: boolean) => Promise<string>>> = {
  container: (client, name, size) => client.containers.inspectText(name, { size }),
  image: (client, name) => client.images.inspectText(name),
  network: (client, name) => client.networks.inspectText(name),
  volume: (client, name) => client.volumes.inspectText(name),
  plugin: (client, name) => client.plugins.inspectText(name),
};

const KINDS = Object.keys(FETCH) as Kind[];

export const command = defineCommand({
  usage: "[OPTIONS] NAME|ID [NAME|ID...]",
  arguments: SOME_ARGUMENTS,
  completes: "containers",
  flags: {
    format: string(OBJECT_FORMAT_TEXT, { short: "f" }),
    size: bool("Also show how much a container has written", { short: "s" }),
    type: string(`Look only for this kind of object (${KINDS.join(", ")})`),
  },
  async run({ session, args, flags, given }) {
    const type = kindOf(flags.type, given.has("type"));
    const client = await session.client();
    const find = async (name: string): Promise<FoundObject> =>
      type
        ? { kind: type, json: await FETCH[type](client, name, flags.size) }
        : await findAny(client, name, flags.size);
    await inspectObjects(session, args, { format: flags.format, find });
  },
});

function kindOf(type: string, isGiven: boolean): Kind | undefined {
  if (!isGiven) return undefined;
  if (type === "") throw new CliError(`type is empty: must be one of ${quoted(KINDS)}`);
  if (!KINDS.includes(type as Kind))
    throw new CliError(`unknown type: ${JSON.stringify(type)}: must be one of ${quoted(KINDS)}`);
  return type as Kind;
}

function quoted(words: readonly string[]): string {
  return words.map((word) => JSON.stringify(word)).join(", ");
}

async function findAny(client: Client, name: string, size: boolean): Promise<FoundObject> {
  for (const kind of KINDS) {
    try {
      return { kind, json: await FETCH[kind](client, name, size) };
    } catch (error) {
      if (!isAbsence(error)) throw error;
    }
  }
  throw new CliError(`Error: No such object: ${name}`);
}

/** A name that one kind of object may have can be impossible for another. */
function isAbsence(error: unknown): boolean {
  return (
    error instanceof NotFound ||
    (error instanceof Error && error.message.includes("invalid reference format"))
  );
}
