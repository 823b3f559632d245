import type { EngineEvent } from "#client/system.ts";
import { defineCommand, NO_ARGUMENTS } from "../command.ts";
import { CliError } from "../errors.ts";
import { filter, string } from "../flag-kinds.ts";
import { localRfc3339 } from "../format/human.ts";
import { htmlSafeJson } from "../format/json.ts";
import type { TemplateObject } from "../format/template-object.ts";
import { parseTimestamp } from "../parse/time.ts";
import { OBJECT_FORMAT_TEXT } from "./_format-text.ts";

/** Exit code for a template that cannot be read. */
const BAD_TEMPLATE_EXIT_CODE = 64;

export const command = defineCommand({
  usage: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: {
    filter: filter("Show only events that meet these conditions", { short: "f" }),
    format: string(OBJECT_FORMAT_TEXT),
    since: string("Begin with the events since this time"),
    until: string("End at this time"),
  },
  async run({ session, flags }) {
    const show = await formatterFor(flags.format);
    const time = (text: string) => (text ? parseTimestamp(text, session.host.now()) : "");
    const { system } = await session.client();
    const events = system.events({
      since: time(flags.since),
      until: time(flags.until),
      filters: flags.filter,
    });
    for await (const event of events) await session.print(`${show(event)}\n`);
  },
});

async function formatterFor(format: string): Promise<(event: EngineEvent) => string> {
  if (format === "") return eventLine;
  if (format === "json") return eventJson;
  const { compileTemplate } = await import("../format/template-eval.ts");
  try {
    const template = compileTemplate(format);
    return (event) => template(eventObject(event));
  } catch (error) {
    throw new CliError(`Error parsing format: ${(error as Error).message}`, BAD_TEMPLATE_EXIT_CODE);
  }
}

/** "2026-11-21T03:26:08.967305339Z volume create v1 (driver=local)" */
function eventLine({ Type, Action, Actor, time, timeNano }: EngineEvent): string {
  const attributes = Object.entries(Actor.Attributes ?? {}).map(([name, value]) => `${name}=${value}`);
  const details = attributes.length > 0 ? ` (${attributes.sort().join(", ")})` : "";
  return `${eventTime(time, timeNano)} ${Type} ${Action} ${Actor.ID}${details}`;
}

function eventTime(time: number, timeNano: bigint): string {
  return localRfc3339(time, `.${String(timeNano % 1_000_000_000n).padStart(9, "0")}`);
}

/** The old fields first, where the engine still sends them: that is the order of Docker's own. */
function eventJson({ status, id, from, Type, Action, Actor, scope, time, timeNano }: EngineEvent): string {
  const rest = htmlSafeJson({ status, id, from, Type, Action, Actor, scope, time });
  return `${rest.slice(0, -1)},"timeNano":${timeNano}}`;
}

/** The fields by the names they have in Go, which templates use. */
function eventObject(event: EngineEvent): TemplateObject {
  const { Type, Action, Actor, scope, time, timeNano, status, id, from } = event;
  return {
    typeName: "event",
    fields: {
      Type,
      Action,
      Actor,
      Scope: scope,
      Time: time,
      TimeNano: timeNano,
      Status: status ?? Action,
      ID: id ?? Actor.ID,
      From: from ?? "",
    },
    json: () => eventJson(event),
  };
}
