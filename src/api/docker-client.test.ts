/** The stock docker client against the API with a recorded engine behind it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, PassThrough } from "node:stream";
import { NotFound } from "#base/errors.ts";
import { type RunOptions, type RunResult, run, runOrThrow } from "#base/spawn.ts";
import type { SystemVersion } from "#spec/docker/system.ts";
import { encodeFrame, STREAM } from "#spec/std-copy.ts";
import { busyboxImage, startApi, webContainer } from "./_fakes.ts";

const isInstalled = Bun.which("docker") !== null && Bun.which("openssl") !== null;
const suite = isInstalled ? describe : describe.skip;

const version: SystemVersion = {
  Platform: { Name: "wharf" },
  Components: [{ Name: "Engine", Version: "0.1.0", Details: { ApiVersion: "1.55" } }],
  Version: "0.1.0",
  ApiVersion: "1.55",
  MinAPIVersion: "1.24",
  GitCommit: "",
  GoVersion: "",
  Os: "linux",
  Arch: "amd64",
  KernelVersion: "6",
  BuildTime: "",
};

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "wharf-docker-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

function docker(host: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const env = { PATH: process.env.PATH!, HOME: directory, DOCKER_CONFIG: directory, DOCKER_HOST: host };
  return run(["docker", ...args], { ...options, env: { ...env, ...options.env } });
}

suite("the stock docker client", () => {
  test("negotiates, asks for the version and lists containers", async () => {
    await using api = startApi({
      system: { version: () => version },
      containers: { list: async () => [webContainer] },
      volumes: { find: () => undefined },
    });
    const host = `unix://${api.socket}`;
    expect((await docker(host, ["version", "--format", "{{.Server.Version}}"])).stdout).toBe("0.1.0\n");
    const ps = await docker(host, ["ps", "--no-trunc", "--format", "{{.Names}}|{{.Status}}|{{.Ports}}"]);
    expect(ps.stdout).toBe(
      "web|Up 7 minutes|70/tcp, 0.0.0.0:8080->80/tcp, :::8080->80/tcp, 127.0.0.1:9090->90/udp\n".replace(
        ":::8080",
        "[::]:8080",
      ),
    );
  });

  test("runs a container: create, attach, wait, start, output, exit code", async () => {
    const steps: string[] = [];
    const { promise: exited, resolve: exit } = Promise.withResolvers<{
      exitCode: number;
      error: undefined;
    }>();
    const output = new PassThrough();
    await using api = startApi({
      containers: {
        create: async ({ body }) => {
          steps.push(`create ${body.Image} ${body.Cmd}`);
          return { id: webContainer.id, warnings: [] };
        },
        handOver: async () => false,
        attach: async () => {
          steps.push("attach");
          return { stream: output, terminal: false };
        },
        wait: async (_, condition) => {
          steps.push(`wait ${condition}`);
          return { result: exited };
        },
        start: async () => {
          steps.push("start");
          output.write(encodeFrame(STREAM.stdout, Buffer.from("to stdout\n")));
          output.end(encodeFrame(STREAM.stderr, Buffer.from("to stderr\n")));
          exit({ exitCode: 7, error: undefined });
        },
      },
    });
    const result = await docker(`unix://${api.socket}`, ["run", "--rm", "bb:1", "sh", "-c", "x"]);
    expect(result).toEqual({ exitCode: 7, stdout: "to stdout\n", stderr: "to stderr\n" });
    expect(steps).toEqual(["create bb:1 sh,-c,x", "attach", "wait removed", "start"]);
  });

  test("pulls an image that is missing, then creates again", async () => {
    let isThere = false;
    await using api = startApi({
      containers: {
        create: async () => {
          if (!isThere) throw new NotFound("No such image: bb:1");
          return { id: webContainer.id, warnings: ["mind this"] };
        },
      },
      images: {
        async *pull() {
          isThere = true;
          yield { status: "Pull complete", id: "abc" };
        },
      },
    });
    const result = await docker(`unix://${api.socket}`, ["create", "bb:1"]);
    expect(result.stdout).toBe(`${webContainer.id}\n`);
    expect(result.stderr).toContain("Unable to find image 'bb:1' locally");
    expect(result.stderr).toContain("WARNING: mind this");
  });

  /** An exec whose process repeats its input in frames. */
  const execParts = {
    volumes: { find: () => undefined },
    containers: {
      inspect: async () => webContainer,
      execCreate: async () => "e1",
      execInspect: () =>
        ({
          ...{ ID: "e1", Running: false, ExitCode: 5, OpenStdin: true, ContainerID: "c" },
          ProcessConfig: { tty: false },
        }) as never,
      execStart: async () => {
        const stream: Duplex = new Duplex({
          read() {},
          write(chunk, _encoding, done) {
            if (stream.push(encodeFrame(STREAM.stdout, chunk))) done();
            else setImmediate(done);
          },
          final(done) {
            stream.push(null);
            done();
          },
        });
        return { stream, terminal: false };
      },
    },
  };

  test("execs with input and output, and finds the exit code", async () => {
    await using api = startApi(execParts);
    const input = Buffer.alloc(20 << 20, "0123456789abcdef");
    const result = await docker(`unix://${api.socket}`, ["exec", "-i", "web", "cat"], { input });
    expect(result.exitCode).toBe(5);
    expect(Bun.hash(result.stdout)).toBe(Bun.hash(input.toString()));
  });

  test("reports a failed start from the stream", async () => {
    const execStart = () => Promise.reject(new NotFound('exec: "x": executable file not found in $PATH'));
    await using api = startApi({ ...execParts, containers: { ...execParts.containers, execStart } });
    const result = await docker(`unix://${api.socket}`, ["exec", "web", "x"]);
    expect(result.stdout + result.stderr).toContain("executable file not found in $PATH");
  });

  test("speaks TLS both ways, and nobody else gets in", async () => {
    const files = await makeCertificates(directory);
    await using api = startApi({ ...execParts, images: { list: async () => [busyboxImage] } });
    const read = (name: string) => readFileSync(join(directory, name), "utf8");
    const { port } = api.api.listen(
      { host: "127.0.0.1", port: 0 },
      { certificate: read("server.pem"), key: read("server-key.pem"), clientCa: read("ca.pem") },
    );
    const host = `tcp://127.0.0.1:${port}`;
    const env = { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: files };
    expect((await docker(host, ["images", "-q"], { env })).stdout).toBe("051fde933ee6\n");
    const input = Buffer.alloc(4 << 20, "0123456789abcdef");
    const exec = await docker(host, ["exec", "-i", "web", "cat"], { env, input });
    expect(Bun.hash(exec.stdout)).toBe(Bun.hash(input.toString()));

    const calls = api.calls.length;
    const stranger = await run(["curl", "-sS", "--insecure", `https://127.0.0.1:${port}/images/json`]);
    const plain = await run(["curl", "-sS", `http://127.0.0.1:${port}/images/json`]);
    expect([stranger.exitCode === 0, plain.exitCode === 0]).toEqual([false, false]);
    expect(api.calls.length).toBe(calls);
  });
});

/** A certificate authority, a server and a client. @returns the client's DOCKER_CERT_PATH */
async function makeCertificates(at: string): Promise<string> {
  const path = (name: string) => join(at, name);
  const openssl = (...args: string[]) => runOrThrow(["openssl", ...args]);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await openssl(
    "req",
    "-x509",
    ...key,
    "-keyout",
    path("ca-key.pem"),
    "-out",
    path("ca.pem"),
    "-subj",
    "/CN=ca",
  );
  writeFileSync(path("extensions"), "subjectAltName=IP:127.0.0.1\n");
  for (const name of ["server", "client"]) {
    await openssl(
      "req",
      ...key,
      "-keyout",
      path(`${name}-key.pem`),
      "-out",
      path("csr"),
      "-subj",
      `/CN=${name}`,
    );
    await openssl(
      ...["x509", "-req", "-in", path("csr"), "-CA", path("ca.pem"), "-CAkey", path("ca-key.pem")],
      ...["-CAcreateserial", "-out", path(`${name}.pem`), "-extfile", path("extensions")],
    );
  }
  await runOrThrow(["cp", path("client.pem"), path("cert.pem")]);
  await runOrThrow(["cp", path("client-key.pem"), path("key.pem")]);
  return at;
}
