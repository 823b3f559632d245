import type { EngineEvent } from "#client/system.ts";
import { LABEL } from "#compose/engine/labels.ts";
import { ANY_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { bool, string } from "../../flag-kinds.ts";
import { parseTimestamp } from "../../parse/time.ts";

export const verb = defineVerb({
  usage: "[OPTIONS] [SERVICE...]",
  arguments: ANY_ARGUMENTS,
  flags: {
    json: bool("Show each event as JSON"),
    since: string("Begin with the events since this time"),
    until: string("End at this time"),
  },
  async run({ compose, args, flags }) {
    const name = await compose.projectName();
    const { system } = await compose.client();
    const time = (text: string) => (text ? parseTimestamp(text, compose.host.now()) : "");
    const events = system.events({
      filters: { label: [`${LABEL.project}=${name}`] },
      since: time(flags.since),
      until: time(flags.until),
    });
    for await (const event of events) {
      const service = event.Actor.Attributes?.[LABEL.service] ?? "";
      // One-off containers and things that are no container of a service are not part of it.
      if (event.Type !== "container" || event.Actor.Attributes?.[LABEL.oneoff] === "True") continue;
      if (args.length > 0 && !args.includes(service)) continue;
      await compose.print(`${flags.json ? eventJson(event, service) : eventLine(event)}\n`);
    }
  },
});

/** Without the labels that every container of every project has. */
function attributesOf({ Actor }: EngineEvent): Record<string, string> {
  return Object.fromEntries(
    Object.entries(Actor.Attributes ?? {})
      .filter(([name]) => !name.startsWith("com.docker.compose."))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** "2026-11-21 03:26:08.967305 container start ID (image=bb, name=shop-web-1)" */
function eventLine(event: EngineEvent): string {
  const when = new Date(event.time * 1000);
  const pad = (value: number, width = 2) => String(value).padStart(width, "0");
  const day = `${when.getFullYear()}-${pad(when.getMonth() + 1)}-${pad(when.getDate())}`;
  const clock = `${pad(when.getHours())}:${pad(when.getMinutes())}:${pad(when.getSeconds())}`;
  const micros = pad(Number((event.timeNano / 1000n) % 1_000_000n), 6);
  const attributes = Object.entries(attributesOf(event)).map(([name, value]) => `${name}=${value}`);
  return `${day} ${clock}.${micros} container ${event.Action} ${event.Actor.ID} (${attributes.join(", ")})`;
}

function eventJson(event: EngineEvent, service: string): string {
  const nanos = String(event.timeNano % 1_000_000_000n).padStart(9, "0");
  return JSON.stringify({
    action: event.Action,
    attributes: attributesOf(event),
    id: event.Actor.ID,
    service,
    time: `${new Date(event.time * 1000).toISOString().slice(0, 19)}.${nanos}Z`,
    type: "container",
  });
}
