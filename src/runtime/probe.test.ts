import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#base/clock.ts";
import { createKernel } from "#kernel/linux.ts";
import type { NetworkNamespace } from "#kernel/types.ts";
import { hermetic } from "./_testing/hermetic.ts";
import { probe, readAnswer } from "./probe.ts";
import type { ProbeTarget } from "./types.ts";

describe("readAnswer()", () => {
  test.each([
    ["HTTP/1.1 204 No Content\r\n\r\n", true, "HTTP/1.1 204 No Content"],
    ["HTTP/1.0 302 Found\r\nLocation: /\r\n\r\nbye", true, "HTTP/1.0 302 Found\nbye"],
    ["HTTP/1.1 503 Busy\r\n\r\nnot yet", false, "HTTP/1.1 503 Busy\nnot yet"],
    ["SSH-2.0-x\r\n", false, "the answer is not HTTP"],
    ["", false, "the answer is not HTTP"],
  ])("%p", (text, passed, output) => {
    expect(readAnswer(text)).toEqual({ passed, output });
  });
});

hermetic(import.meta.path, () => {
  const kernel = createKernel();
  let namespace: NetworkNamespace;
  let netnsPath: string;

  beforeAll(() => {
    netnsPath = join(mkdtempSync("/run/probe-"), "ns");
    namespace = kernel.netns.create(netnsPath);
    namespace.netlink.apply([{ op: "up", link: "lo" }]);
  });
  afterAll(() => {
    namespace[Symbol.dispose]();
    kernel.netns.remove(netnsPath);
  });

  const ask = (target: Partial<ProbeTarget>, signal = AbortSignal.timeout(20_000)) =>
    probe(
      { kernel, clock: systemClock },
      { netnsPath, target: { kind: "tcp", address: "127.0.0.1", port: 80, path: "", ...target }, signal },
    );
  const listen = (hostname: string, answer: string) =>
    namespace.run(() =>
      Bun.listen({
        hostname,
        port: 0,
        socket: {
          data(socket) {
            if (answer !== "") socket.end(answer);
          },
        },
      }),
    );

  describe("probe()", () => {
    for (const hostname of ["127.0.0.1", "::1"])
      test(`reaches ${hostname} of another namespace, and only there`, async () => {
        using server = listen(hostname, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nready");
        const { port } = server;
        expect(await ask({ address: hostname, port })).toMatchObject({ passed: true });
        expect(await ask({ kind: "http", address: hostname, port, path: "/" })).toEqual({
          passed: true,
          output: "HTTP/1.1 200 OK\nready",
        });
        const outside = { netnsPath: "", signal: AbortSignal.timeout(20_000) };
        const target: ProbeTarget = { kind: "tcp", address: hostname, port, path: "" };
        expect((await probe({ kernel, clock: systemClock }, { ...outside, target })).passed).toBe(false);
      });

    test("tells why there is no connection", async () => {
      expect(await ask({ port: 9 })).toMatchObject({
        passed: false,
        output: expect.stringContaining("ECONNREFUSED"),
      });
      const gone = await probe(
        { kernel, clock: systemClock },
        {
          netnsPath: "/run/nowhere",
          target: { kind: "tcp", address: "127.0.0.1", port: 9, path: "" },
          signal: AbortSignal.timeout(20_000),
        },
      );
      expect(gone).toMatchObject({ passed: false, output: expect.stringContaining("ENOENT") });
    });

    test("gives up on a server that accepts and says nothing", async () => {
      using server = listen("127.0.0.1", "");
      const late = new AbortController();
      const asked = ask({ kind: "http", port: server.port, path: "/" }, late.signal);
      setTimeout(() => late.abort(), 20);
      expect(await asked).toEqual({
        passed: false,
        output: `no answer from 127.0.0.1:${server.port} in time`,
      });
    });

    test("does not read for ever", async () => {
      using server = listen("127.0.0.1", `HTTP/1.1 200 OK\r\n\r\n${"x".repeat(1_000_000)}`);
      const { passed, output } = await ask({ kind: "http", port: server.port, path: "/" });
      expect(passed).toBe(true);
      expect(output.length).toBeLessThanOrEqual(4096);
    });
  });
});
