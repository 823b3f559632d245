import { describe, expect, test } from "bun:test";
import { encodeFrame, STREAM } from "#spec/std-copy.ts";
import { type EngineRequest, FakeEngine, type Replies } from "./_fake-engine.ts";
import { NOW, type RecordingHostOptions, recordingHost } from "./_recording-host.ts";
import { runCli } from "./cli.ts";

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly requests: readonly EngineRequest[];
}

async function wharf(
  argv: string[],
  replies: Replies = {},
  options: RecordingHostOptions = {},
): Promise<Outcome> {
  await using engine = await new FakeEngine(replies).listen();
  const host = recordingHost({
    ...options,
    env: { DOCKER_HOST: engine.host, DOCKER_CONFIG: "/nonexistent", ...options.env },
  });
  const code = await runCli(argv, host);
  return { code, out: host.stdoutText, err: host.stderrText, requests: engine.requests };
}

const ID = "0123456789ab".padEnd(64, "0");
const container = {
  Id: ID,
  Names: ["/web"],
  Image: "bb",
  ImageID: "sha256:1",
  Command: "sleep 1000",
  Created: NOW / 1000 - 180,
  Ports: [{ IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp" }],
  Labels: { "a.b-c": "x" },
  State: "running",
  Status: "Up 3 minutes",
  Mounts: [],
  NetworkSettings: { Networks: { bridge: {} } },
};
const list: Replies = { "GET /containers/json": { json: [container] } };

describe("runCli()", () => {
  test("runCli() prints ps as a table", async () => {
    const { code, out } = await wharf(["ps"], list);
    expect(code).toBe(0);
    expect(out).toBe(
      "CONTAINER ID   IMAGE     COMMAND        CREATED         STATUS         PORTS                  NAMES\n" +
        '0123456789ab   bb        "sleep 1000"   3 minutes ago   Up 3 minutes   0.0.0.0:8080->80/tcp   web\n',
    );
  });

  const formats: [args: string[], out: string][] = [
    [["-q"], "0123456789ab\n"],
    [["-q", "--no-trunc"], `${ID}\n`],
    [["--format", "{{.Names}}: {{.Ports}}"], "web: 0.0.0.0:8080->80/tcp\n"],
    [["--format", 'table {{.Names}}\\t{{.Label "a.b-c"}}'], "NAMES     b c\nweb       x\n"],
    [["--format", "table {{upper .ID}}"], "CONTAINER ID\n0123456789AB\n"],
    [["--format", "{{json .Ports}}"], '"0.0.0.0:8080->80/tcp"\n'],
  ];
  for (const [args, out] of formats)
    test(`runCli() prints ps ${args.join(" ")}`, async () =>
      expect((await wharf(["ps", ...args], list)).out).toBe(out));

  test("runCli() prints rows as JSON with sorted keys and HTML-safe texts", async () => {
    const { out } = await wharf(["container", "ls", "--format", "json"], list);
    expect(Object.keys(JSON.parse(out))).toEqual(Object.keys(JSON.parse(out)).sort());
    expect(out).toContain('"Ports":"0.0.0.0:8080-\\u003e80/tcp"');
  });

  test("runCli() asks for what the flags say", async () => {
    const { requests } = await wharf(["ps", "-a", "-n", "3", "-s", "-f", "status=exited"], list);
    expect(requests[0]?.path).toBe(
      "/containers/json?all=1&size=1&limit=3&filters=%7B%22status%22%3A%7B%22exited%22%3Atrue%7D%7D",
    );
  });

  const usage = "\n\nUsage:  wharf ps [OPTIONS]\n\nRun 'wharf ps --help' for more information\n";
  const mistakes: [argv: string[], code: number, err: string][] = [
    [["foo"], 1, "wharf: unknown command: wharf foo\n\nRun 'wharf --help' for more information\n"],
    [
      ["image", "foo"],
      1,
      "wharf: unknown command: wharf image foo\n\nUsage:  wharf image\n\nRun 'wharf image --help' for more information\n",
    ],
    [["ps", "--foo"], 125, `unknown flag: --foo${usage}`],
    [["ps", "x"], 1, `wharf: 'wharf ps' accepts no arguments${usage}`],
    [
      ["rm"],
      1,
      "wharf: 'wharf rm' requires at least 1 argument\n\nUsage:  wharf rm [OPTIONS] CONTAINER [CONTAINER...]\n\nSee 'wharf rm --help' for more information\n",
    ],
    [
      ["tag", "a"],
      1,
      "wharf: 'wharf tag' requires 2 arguments\n\nUsage:  wharf tag SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]\n\nRun 'wharf tag --help' for more information\n",
    ],
    [
      ["--foo"],
      125,
      "unknown flag: --foo\n\nUsage:  wharf [OPTIONS] COMMAND [ARG...]\n\nRun 'wharf --help' for more information\n",
    ],
    [["ps", "--format", "{{.ID"], 1, "failed to parse template: template: :1: unclosed action\n"],
  ];
  for (const [argv, code, err] of mistakes)
    test(`runCli() explains what is wrong with: wharf ${argv.join(" ")}`, async () => {
      const outcome = await wharf(argv, list);
      expect([outcome.code, outcome.err]).toEqual([code, err]);
    });

  test("runCli() does all it can and tells what failed", async () => {
    const { code, out, err } = await wharf(["stop", "a", "b"], {
      "POST /containers/a/stop": { status: 204 },
      "POST /containers/b/stop": { status: 404, json: { message: "No such container: b" } },
    });
    expect([code, out, err]).toEqual([1, "a\n", "Error response from daemon: No such container: b\n"]);
  });

  test("runCli() shows a help page for a command", async () => {
    const { code, out } = await wharf(["volume", "rm", "--help"]);
    expect(code).toBe(0);
    expect(out).toStartWith("Usage:  wharf volume rm [OPTIONS] VOLUME [VOLUME...]\n\nRemove volumes\n");
  });
});

describe("runCli() inspect", () => {
  const replies: Replies = {
    "GET /containers/web/json": {
      json: { Id: ID, Name: "/web", State: { Running: true }, HostConfig: { Binds: null } },
    },
    "GET /networks/web": { status: 404, json: { message: "network web not found" } },
  };

  test("inspect shows what is there as it came, then what is missing", async () => {
    const { code, out, err } = await wharf(["inspect", "web", "nope"], replies);
    expect(out).toBe(
      `[\n    {\n        "Id": "${ID}",\n        "Name": "/web",\n        "State": {\n            "Running": true\n        },\n        "HostConfig": {\n            "Binds": null\n        }\n    }\n]\n`,
    );
    expect([code, err]).toEqual([1, "Error: No such object: nope\n"]);
  });

  test("inspect fills in templates as if the values were Go's", async () => {
    const { out } = await wharf(
      ["inspect", "-f", "{{.Name}} {{.HostConfig.Binds}} {{.State.Health}}", "web"],
      replies,
    );
    expect(out).toBe("/web [] <nil>\n");
  });

  test("inspect leaves with 64 when the template cannot be read", async () => {
    expect((await wharf(["inspect", "-f", "{{.ID", "web"], replies)).code).toBe(64);
  });
});

describe("runCli() run", () => {
  const frames = Buffer.concat([
    encodeFrame(STREAM.stdout, Buffer.from("out\n")),
    encodeFrame(STREAM.stderr, Buffer.from("err\n")),
  ]);
  const replies: Replies = {
    "POST /containers/create": { status: 201, json: { Id: ID, Warnings: ["careful"] } },
    [`POST /containers/${ID}/attach`]: { stream: frames },
    [`POST /containers/${ID}/wait`]: { json: { StatusCode: 3 } },
    [`POST /containers/${ID}/start`]: { status: 204 },
  };
  const steps = (requests: readonly EngineRequest[]) =>
    requests.map(({ path }) => path.split("?")[0]!.split("/").at(-1));

  test("run attaches and waits before it starts, and leaves with the container's exit code", async () => {
    const { code, out, err, requests } = await wharf(["run", "--rm", "bb", "echo", "-n"], replies);
    expect([code, out, err]).toEqual([3, "out\n", "WARNING: careful\nerr\n"]);
    expect(steps(requests)[0]).toBe("create");
    expect(steps(requests).at(-1)).toBe("start");
    expect(requests.find(({ path }) => path.includes("/wait"))?.path).toEndWith("?condition=removed");
    expect(JSON.parse(requests[0]!.body)).toMatchObject({
      Image: "bb",
      Cmd: ["echo", "-n"],
      HostConfig: { AutoRemove: true },
    });
  });

  test("run -d prints the id", async () => {
    const { code, out, requests } = await wharf(["run", "-d", "bb"], replies);
    expect([code, out, steps(requests)]).toEqual([0, `${ID}\n`, ["create", "start"]]);
  });

  test("run fetches an image that is missing and asks again", async () => {
    let isThere = false;
    const { code, err } = await wharf(["run", "bb"], {
      ...replies,
      "POST /containers/create": () =>
        isThere
          ? { status: 201, json: { Id: ID, Warnings: [] } }
          : { status: 404, json: { message: "No such image: bb:latest" } },
      "POST /images/create": () => {
        isThere = true;
        return { json: { status: "Pulling from library/bb", id: "latest" } };
      },
    });
    expect(code).toBe(3);
    expect(err).toBe("Unable to find image 'bb:latest' locally\nlatest: Pulling from library/bb\nerr\n");
  });

  const failures: [message: string, code: number][] = [
    ['exec: "nosuch": executable file not found in $PATH: unknown', 127],
    ['exec: "/etc": permission denied: unknown', 126],
    ["Conflict. The container name is already in use", 125],
  ];
  for (const [message, code] of failures)
    test(`run leaves with ${code} for: ${message}`, async () => {
      const start = { status: 400, json: { message } };
      const outcome = await wharf(["run", "bb"], { ...replies, [`POST /containers/${ID}/start`]: start });
      expect([outcome.code, outcome.out]).toEqual([code, expect.any(String)]);
      expect(outcome.err).toEndWith(
        `wharf: Error response from daemon: ${message}\n\nRun 'wharf run --help' for more information\n`,
      );
    });

  test("run refuses a terminal where there is none", async () => {
    const { code, err } = await wharf(["run", "-it", "bb"], replies);
    expect([code, err]).toEqual([1, "the input device is not a TTY\n"]);
  });
});

describe("runCli() without an engine", () => {
  const nowhere = { DOCKER_CONFIG: "/nonexistent" };

  test("a missing engine is named, with reason and remedy", async () => {
    const host = recordingHost({ env: { ...nowhere, DOCKER_HOST: "unix:///nonexistent/x.sock" } });
    expect(await runCli(["ps"], host)).toBe(1);
    expect(host.stderrText).toBe(
      "Cannot connect to the wharf engine at unix:///nonexistent/x.sock: there is no such socket. Start the engine with 'sudo wharf daemon'.\n",
    );
  });

  test("an engine named by the user is never started", async () => {
    let starts = 0;
    const startEngine = async () => void starts++;
    const host = recordingHost({
      env: { ...nowhere, DOCKER_HOST: "unix:///nonexistent/x.sock" },
      uid: 0,
      startEngine,
    });
    await runCli(["ps"], host);
    expect(starts).toBe(0);
  });
});
