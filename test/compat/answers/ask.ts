/** Asks one engine every question. The same words go to both. */
import type { TestDaemon } from "../../helpers/daemon.ts";
import { until } from "../../helpers/suite.ts";
import { changesFrom } from "./compare.ts";
import { CREATIONS, type Creation } from "./creations.ts";
import { LIFE, type Step } from "./life.ts";
import { normalise } from "./normalise.ts";
import { REFUSALS, type Request } from "./refusals.ts";
import { askTransitions, type Event, parseEvents } from "./transitions.ts";
import type { Answer, Answers } from "./types.ts";

/** The newest version that the recorded engine speaks. */
export const VERSION = "v1.41";
const SLEEP = { Image: "busybox", Cmd: ["sleep", "1000"] };

/** An answer as it came. */
type Ask = (request: Request) => Promise<Answer>;

export async function askAll(daemon: TestDaemon): Promise<Answers> {
  const ask: Ask = async ([method, path, body]) => {
    const { status, json, text } = await daemon.api(method, `/${VERSION}${path}`, body);
    return { status, body: json ?? text };
  };
  await prepare(ask);
  const refusals = await askRefusals(ask);
  const creations = await askCreations(ask, placesOf(daemon));
  const life = await askLife(ask);
  await cleanUp(ask);
  const transitions = await askTransitions(daemon, (path) => ask(["GET", path]));
  return normalise({ ...creations, ...refusals, ...life, ...transitions }, placesOf(daemon)) as Answers;
}

function placesOf(daemon: TestDaemon): Record<string, string> {
  return {
    [daemon.dataRoot]: "<data>",
    [daemon.execRoot]: "<run>",
    [daemon.machine.directory]: "<machine>",
    [daemon.cgroupParent]: "<parent>",
  };
}

async function prepare(ask: Ask): Promise<void> {
  const must = async (...request: Request) => {
    const { status, body } = await ask(request);
    if (status >= 400) throw new Error(`${request[0]} ${request[1]}: ${status} ${JSON.stringify(body)}`);
  };
  await must("POST", "/networks/create", {
    Name: "answers",
    IPAM: { Config: [{ Subnet: "10.231.0.0/24" }] },
  });
  await must("POST", "/volumes/create", { Name: "answers-volume" });
  for (const name of ["idle", "busy", "held"]) await must("POST", `/containers/create?name=${name}`, SLEEP);
  for (const name of ["busy", "held"]) await must("POST", `/containers/${name}/start`);
  await must("POST", "/containers/held/pause");
}

async function cleanUp(ask: Ask): Promise<void> {
  await ask(["POST", "/containers/held/unpause"]);
  for (const name of ["idle", "busy", "held"]) await ask(["DELETE", `/containers/${name}?force=1&v=1`]);
  await ask(["DELETE", "/networks/answers"]);
  for (const name of ["answers-volume", "answers-other", "answers-driven"])
    await ask(["DELETE", `/volumes/${name}`]);
}

async function askRefusals(ask: Ask): Promise<Answers> {
  const answers: Record<string, unknown> = {};
  for (const request of REFUSALS) {
    const [method, path, body] = request;
    const name = `${method} ${path}${body === undefined ? "" : ` ${JSON.stringify(body)}`}`;
    answers[name] = await ask(request);
  }
  return answers;
}

/** The plain container in full, of the others what is not as in it. */
async function askCreations(ask: Ask, places: Readonly<Record<string, string>>): Promise<Answers> {
  const plain = await askCreation(ask, { name: "plain" }, places);
  const answers: Record<string, unknown> = { "create: nothing special": plain };
  for (const creation of CREATIONS) {
    const { created, inspect } = await askCreation(ask, creation, places);
    const name = `create: ${creation.name}`;
    answers[name] =
      inspect === undefined ? { created } : { created, inspect: changesFrom(plain.inspect, inspect) };
  }
  return answers;
}

async function askCreation(
  ask: Ask,
  { config, host, networking }: Creation,
  places: Readonly<Record<string, string>>,
): Promise<{ readonly created: unknown; readonly inspect?: unknown }> {
  const body = { ...SLEEP, ...config, HostConfig: host ?? {}, NetworkingConfig: networking };
  const created = normalise(await ask(["POST", "/containers/create?name=made", body]), places) as Answer;
  if (created.status !== 201) return { created };
  const { body: inspect } = await ask(["GET", "/containers/made/json"]);
  await ask(["DELETE", "/containers/made?force=1&v=1"]);
  return { created, inspect: normalise(inspect, places) };
}

async function askLife(ask: Ask): Promise<Answers> {
  const answers: Record<string, unknown> = {};
  const since = Date.now() / 1000;
  const kept = new Map<string, string>();
  for (const [index, step] of LIFE.entries()) {
    const [method, path] = step.request;
    const { status, body } = await takeStep(ask, step, kept);
    const name = `life ${String(index).padStart(2, "0")}: ${method} ${path}`;
    answers[name] = step.statusOnly ? { status } : { status, body };
  }
  const events = await until(
    "all events",
    async () => eventsOf((await ask(["GET", `/events?since=${since}&until=${Date.now() / 1000}`])).body),
    ({ image = [] }) => image.some(({ Action }) => Action === "delete"), // the last there is
  );
  return { ...answers, "life: events": events };
}

async function takeStep(ask: Ask, step: Step, kept: Map<string, string>): Promise<Answer> {
  const [method, path, body] = step.request;
  const named = path.replace(/\$(\w+)/, (_, name) => kept.get(name) ?? "");
  const answer = await until(
    `${method} ${path}`,
    () => ask([method, named, body]),
    (found) => step.until?.(found.body) ?? true,
  );
  if (path.endsWith("/changes")) return { ...answer, body: sortedChanges(answer.body) };
  if (step.keep !== undefined) kept.set(step.keep, (answer.body as { readonly Id: string }).Id);
  return answer;
}

/** dockerd lists a directory's entries as they come. */
function sortedChanges(body: unknown): unknown {
  return Array.isArray(body) ? body.toSorted((a, b) => (a.Path < b.Path ? -1 : 1)) : body;
}

/** By type, because which of two objects tells first is not the same in all versions; within a type order counts. */
function eventsOf(body: unknown): Partial<Record<string, Event[]>> {
  const events = parseEvents(body);
  // How often `top` was asked is no one's but the clock's.
  const told = events.filter(({ Action }, index) => Action !== "top" || events[index - 1]?.Action !== "top");
  return Object.groupBy(told, ({ Type }) => Type);
}
