/** What is measured of networks. Peers run in containers, on the host, and beside it. */
import type { Engine } from "./engines.ts";

export interface Host {
  /** The peers' program, on the host. */
  readonly peer: string;
  readonly address: string;
  readonly neighbour: string;
  /** Arguments that enter the neighbour. */
  readonly enter: readonly string[];
}

export interface NetworkRow {
  readonly name: string;
  /** "MB/s" and "a second": more is better; "ms" and "µs": less. */
  readonly unit: string;
  measure(engine: Engine): number | Promise<number>;
  readonly skips?: (engine: Engine) => boolean;
}

const IMAGE = "bench/peer:latest";
const SINK_PORT = 81;
const GREET_PORT = 80;
/** Ports of the host, another set for each engine. */
const BASE_PORT: Readonly<Record<string, number>> = { docker: 15_000 };
const MANY_PORTS = 1000;
const CLIENTS = 16;

const baseOf = (engine: Engine) => BASE_PORT[engine.name] ?? 10_000;
const sinkPort = (engine: Engine) => baseOf(engine) + 1;
const greetPort = (engine: Engine) => baseOf(engine) + 2;
const localPort = (engine: Engine) => baseOf(engine) + 3;
const manyPort = (engine: Engine) => baseOf(engine) + 1000;

/** Containers that all rows talk to. */
export function setUpEngine(engine: Engine, host: Host): void {
  const run = (name: string, flags: readonly string[], ...command: string[]) =>
    void text(engine.command("run", "-d", "--name", name, ...flags, IMAGE, ...command), engine);
  run("sink", ["-p", `${sinkPort(engine)}:${SINK_PORT}`], "peer", "sink", String(SINK_PORT));
  const greeting = [
    "-p",
    `${greetPort(engine)}:${GREET_PORT}`,
    "-p",
    `127.0.0.1:${localPort(engine)}:${GREET_PORT}`,
  ];
  run("greet", greeting, "peer", "greet", String(GREET_PORT));
  run("other", [], "sleep", "10000");
  text(engine.command("network", "create", "names"), engine);
  run("named", ["--network", "names"], "sleep", "10000");
  run("asker", ["--network", "names", "--dns", host.neighbour], "sleep", "10000");
}

export function networkRows(host: Host, seconds: number): NetworkRow[] {
  const outside = (engine: Engine, ...args: string[]) => first([...host.enter, host.peer, ...args], engine);
  const onHost = (engine: Engine, ...args: string[]) => first([host.peer, ...args], engine);
  const inside = (engine: Engine, container: string, ...args: string[]) =>
    first(engine.command("exec", container, "peer", ...args), engine);
  const connect = (address: string, port: number, clients = 4) =>
    ["connect", address, String(port), String(seconds), String(clients)] as const;
  const ask = (name: string) => ["ask", "127.0.0.11", "53", name, String(seconds), String(CLIENTS)] as const;
  const rate = "a second";
  return [
    {
      name: "bytes through a published port from a neighbour",
      unit: "MB/s",
      measure: (engine) => outside(engine, "push", host.address, String(sinkPort(engine)), String(seconds)),
    },
    {
      name: "bytes from container to container",
      unit: "MB/s",
      measure: (engine) =>
        inside(engine, "other", "push", addressOf(engine, "sink"), String(SINK_PORT), String(seconds)),
    },
    {
      name: "connections through a published port from a neighbour",
      unit: rate,
      measure: (engine) => outside(engine, ...connect(host.address, greetPort(engine))),
    },
    {
      name: "connections from container to container",
      unit: rate,
      measure: (engine) => inside(engine, "other", ...connect(addressOf(engine, "greet"), GREET_PORT)),
    },
    {
      name: "connections to a port of 127.0.0.1",
      unit: rate,
      measure: (engine) => onHost(engine, ...connect("127.0.0.1", localPort(engine))),
    },
    {
      name: "connections of a container to its own published port",
      unit: rate,
      measure: (engine) => inside(engine, "greet", ...connect(host.address, greetPort(engine))),
    },
    {
      name: `connections through one of ${MANY_PORTS} published ports`,
      unit: rate,
      skips: (engine) => engine.name === "docker", // a thousand of its proxies take minutes
      measure(engine) {
        const first = manyPort(engine);
        const range = `${first}-${first + MANY_PORTS - 1}`;
        text(
          engine.command("run", "-d", "--name", "many", "-p", `${range}:${range}`, IMAGE, "sleep", "10"),
          engine,
        );
        const value = outside(engine, ...connect(host.address, greetPort(engine)));
        text(engine.command("rm", "-f", "many"), engine);
        return value;
      },
    },
    {
      name: `names of containers, ${CLIENTS} clients`,
      unit: rate,
      measure: (engine) => inside(engine, "asker", ...ask("named")),
    },
    {
      name: `names of containers, ${CLIENTS} clients, 99th percentile`,
      unit: "µs",
      measure: (engine) => second(engine.command("exec", "asker", "peer", ...ask("named")), engine),
    },
    {
      name: `names that nobody has, each another, ${CLIENTS} clients`,
      unit: rate,
      measure: (engine) => inside(engine, "asker", ...ask("no%d.example")),
    },
    {
      name: `names that nobody has, ${CLIENTS} clients, 99th percentile`,
      unit: "µs",
      measure: (engine) => second(engine.command("exec", "asker", "peer", ...ask("no%d.example")), engine),
    },
    {
      name: "network create and rm, through the API",
      unit: "ms",
      async measure(engine) {
        const began = performance.now();
        const { Id } = await api<{ Id: string }>(engine, "POST", "/networks/create", { Name: "fleeting" });
        await api(engine, "DELETE", `/networks/${Id}`);
        return performance.now() - began;
      },
    },
    {
      name: "attaching a running container to a network, through the API",
      unit: "ms",
      async measure(engine) {
        const began = performance.now();
        await api(engine, "POST", "/networks/names/connect", { Container: "other" });
        const elapsed = performance.now() - began;
        await api(engine, "POST", "/networks/names/disconnect", { Container: "other" });
        return elapsed;
      },
    },
  ];
}

function addressOf(engine: Engine, container: string): string {
  const format = "{{.NetworkSettings.Networks.bridge.IPAddress}}";
  return text(engine.command("inspect", "-f", format, container), engine).trim();
}

async function api<T>(engine: Engine, method: string, path: string, body?: unknown): Promise<T> {
  const socket = engine.env.DOCKER_HOST!.replace("unix://", "");
  const response = await fetch(`http://engine${path}`, {
    unix: socket,
    method,
    headers: { "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer}`);
  return (answer === "" ? undefined : JSON.parse(answer)) as T;
}

/** The first and second number a peer prints. */
function first(argv: readonly string[], engine: Engine): number {
  return Number(text(argv, engine).trim().split(" ")[0]);
}

function second(argv: readonly string[], engine: Engine): number {
  return Number(text(argv, engine).trim().split(" ")[1]);
}

function text(argv: readonly string[], engine: Engine): string {
  const child = Bun.spawnSync([...argv], {
    env: engine.env,
    stdin: "ignore",
    stderr: "pipe",
    timeout: 60_000,
  });
  if (child.exitCode !== 0)
    throw new Error(`${argv.join(" ")}: ${child.exitCode}\n${child.stdout}${child.stderr}`);
  return child.stdout.toString();
}
