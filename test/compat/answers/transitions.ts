/** What an engine tells of as it happens, asked for afterwards, and once more after its restart. */
import type { TestDaemon } from "../../helpers/daemon.ts";
import { until } from "../../helpers/suite.ts";
import type { Answer, Answers } from "./types.ts";

export interface Event {
  readonly Type: string;
  readonly Action: string;
}

type Get = (path: string) => Promise<Answer>;

const LAST = "extract-to-dir";
/** One healthy and one unhealthy for sure: `touch /sick` turns it. */
const HEALTH = ["--health-cmd", "test ! -e /sick", "--health-interval", "100ms", "--health-retries", "1"];
const TYPES = encodeURIComponent('{"type":["container","network"]}');
const CHECKPOINT = { CheckpointID: "one" };

/** Containers that are attached to, run out of memory, fall sick, are copied from and to. */
export async function askTransitions(daemon: TestDaemon, get: Get): Promise<Answers> {
  const { docker, dockerText: text, machine } = daemon;
  const since = Date.now() / 1000;
  const toldUntil = async (at: number) =>
    uniqueEvents((await get(`/events?since=${since}&until=${at}&filters=${TYPES}`)).body);
  const told = () => toldUntil(Date.now() / 1000);
  const untilTold = (action: string) => until(action, told, ({ container = {} }) => action in container);
  await text("run", "--name", "attached", "busybox", "true");
  await docker("run", "--name", "oom", "-m", "8m", "--memory-swap", "8m", "busybox", "tail", "/dev/zero");
  await text("run", "-d", "--name", "health", ...HEALTH, "busybox", "sleep", "1000");
  await untilTold("health_status: healthy");
  await text("exec", "health", "touch", "/sick");
  await untilTold("health_status: unhealthy");
  const checkpoints = {
    "checkpoint: list": await get("/containers/health/checkpoints"),
    "checkpoint: create": await daemon.api("POST", "/v1.41/containers/health/checkpoints", CHECKPOINT),
  };
  await text("rm", "-f", "health");
  await text("cp", "attached:/etc/passwd", `${machine.directory}/passwd`);
  await text("cp", `${machine.directory}/passwd`, "attached:/copied");
  const events = await untilTold(LAST);
  await text("rm", "attached", "oom");
  const at = Date.now() / 1000;
  await daemon.kill("SIGTERM");
  await daemon.start();
  const kept = await toldUntil(at);
  return {
    ...Object.fromEntries(
      Object.entries(checkpoints).map(([name, { status, ...rest }]) => [
        name,
        { status, body: "body" in rest ? rest.body : rest.json },
      ]),
    ),
    "events: told": events,
    "events: told after a restart": Object.keys(kept.container ?? {}).join(),
  };
}

/** By type and action: which of two objects tells first, and how often health was asked for, is chance. */
type Told = Record<string, Record<string, Event>>;

/** The first of each action. */
function uniqueEvents(body: unknown): Told {
  const told: Told = {};
  for (const event of parseEvents(body)) {
    const { [event.Type]: known = {} } = told;
    told[event.Type] = { [event.Action]: event, ...known };
  }
  return Object.fromEntries(Object.entries(told).map(([type, events]) => [type, sorted(events)]));
}

const sorted = (events: Record<string, Event>) =>
  Object.fromEntries(Object.entries(events).toSorted(([a], [b]) => (a < b ? -1 : 1)));

export function parseEvents(body: unknown): Event[] {
  if (typeof body === "object" && body !== null) return [body as Event]; // one alone is JSON as a whole
  const lines = typeof body === "string" ? body.split("\n").filter((line) => line !== "") : [];
  return lines.map((line) => JSON.parse(line) as Event);
}
