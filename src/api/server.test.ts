import { describe, expect, test } from "bun:test";
import { Conflict, Internal, InvalidArgument, NotFound, NotModified, Unavailable } from "#base/errors.ts";
import { startApi } from "./_fakes.ts";
import { RawClient } from "./http/_raw-client.ts";

const version = { Version: "1" } as never;

describe("createApi()", () => {
  test("answers _ping with the headers clients negotiate by, with and without a body", async () => {
    await using api = startApi({});
    for (const method of ["GET", "HEAD"]) {
      const answer = await api.fetch("/_ping", { method });
      expect(answer.status).toBe(200);
      expect(await answer.text()).toBe(method === "GET" ? "OK" : "");
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        "api-version": "1.55",
        "builder-version": "1",
        "cache-control": "no-cache, no-store, must-revalidate",
        "content-type": "text/plain; charset=utf-8",
        "docker-experimental": "false",
        ostype: "linux",
        pragma: "no-cache",
        server: "wharf/test (linux)",
        swarm: "inactive",
      });
    }
  });

  test("accepts every version it speaks in the path, and none", async () => {
    await using api = startApi({ system: { version: () => version } });
    for (const path of ["/version", "/v1.24/version", "/v1.55/version", "//v1.41//version"])
      expect(await (await api.fetch(path)).json()).toEqual({ Version: "1" });
  });

  const failures: { path: string; init?: RequestInit; status: number; body: string; type?: string }[] = [
    { path: "/v1.41/nope", status: 404, body: '{"message":"page not found"}\n' },
    { path: "/", status: 404, body: '{"message":"page not found"}\n' },
    { path: "/vx/version", status: 404, body: '{"message":"page not found"}\n' },
    {
      path: "/v1.41/containers/json",
      init: { method: "POST" },
      status: 404,
      body: '{"message":"page not found"}\n',
    },
    {
      path: "/v1.99/version",
      status: 400,
      body: '{"message":"client version 1.99 is too new. Maximum supported API version is 1.55"}\n',
    },
    {
      path: "/v1.5/version",
      status: 400,
      body: "client version 1.5 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version\n",
      type: "text/plain; charset=utf-8",
    },
    {
      path: "/v1.11/images/get?names=x",
      status: 400,
      body: "client version 1.11 is too old. Minimum supported API version is 1.12, please upgrade your client to a newer version\n",
      type: "text/plain; charset=utf-8",
    },
    {
      path: "/v1.24/containers/prune",
      init: { method: "POST" },
      status: 400,
      body: '{"message":"POST /containers/prune requires minimum API version 1.25"}\n',
    },
    {
      path: "/v1.41/containers/%zz/json",
      status: 400,
      body: '{"message":"malformed path \\"/containers/%zz/json\\""}\n',
    },
  ];
  for (const { path, init, status, body, type = "application/json" } of failures)
    test(`answers ${init?.method ?? "GET"} ${path} with ${status}`, async () => {
      await using api = startApi({});
      const answer = await api.fetch(path, init);
      expect(answer.status).toBe(status);
      expect(await answer.text()).toBe(body);
      expect(answer.headers.get("content-type")).toBe(type);
    });

  test("answers any OPTIONS", async () => {
    await using api = startApi({});
    expect((await api.fetch("/v1.41/whatever", { method: "OPTIONS" })).status).toBe(200);
  });

  const kinds = [
    { error: new NotFound("No such container: x"), status: 404, message: "No such container: x" },
    {
      error: new Conflict("taken", { hint: "choose another" }),
      status: 409,
      message: "taken (choose another)",
    },
    { error: new InvalidArgument("bad"), status: 400, message: "bad" },
    { error: new Unavailable("later"), status: 503, message: "later" },
    { error: new Internal("broken"), status: 500, message: "broken" },
    { error: new Error("surprise"), status: 500, message: "surprise" },
    { error: new SuppressedError(new Error("undo"), new Conflict("first")), status: 409, message: "first" },
  ];
  for (const { error, status, message } of kinds)
    test(`turns ${error.name} "${message}" into ${status}`, async () => {
      await using api = startApi({
        containers: {
          kill: () => {
            throw error;
          },
        },
      });
      const answer = await api.post("/v1.41/containers/x/kill");
      expect(answer.status).toBe(status);
      expect(await answer.json()).toEqual({ message });
    });

  test("sends 304 without body or type", async () => {
    await using api = startApi({ containers: { start: () => Promise.reject(new NotModified("runs")) } });
    const client = await RawClient.connect(api.socket);
    client.send("POST /containers/web/start HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n");
    const { head } = await client.answer();
    expect(head).toStartWith("HTTP/1.1 304 Not Modified\r\n");
    expect(head).not.toMatch(/content-(type|length)/i);
    expect((await client.send("GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n").answer()).body).toBe("OK");
  });

  test("lets requests wait for the engine's state, but not those that need none", async () => {
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    await using api = startApi(
      { containers: { list: async () => [] }, system: { version: () => version } },
      { ready },
    );
    const list = api.fetch("/containers/json");
    expect(await (await api.fetch("/_ping")).text()).toBe("OK");
    await (await api.fetch("/version")).json();
    expect(api.calls.map(({ method }) => method)).toEqual(["system.version"]);
    resolve();
    expect(await (await list).json()).toEqual([]);
  });

  test("decodes names before it looks for the route", async () => {
    await using api = startApi({ containers: { kill: async () => {} }, images: { history: () => [] } });
    await api.post("/containers/a%20b/kill");
    await api.fetch("/v1.41/images/r.io%3A5000%2Flibrary%2Fdebian%3A12/history");
    expect(api.calls.map(({ args }) => args[0])).toEqual(["a b", "r.io:5000/library/debian:12"]);
  });

  test("refuses half a body once its sender is gone, and stays well", async () => {
    await using api = startApi({ containers: { create: async () => ({ id: "a", warnings: [] }) } });
    const client = await RawClient.connect(api.socket);
    const head = "POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n";
    client.send(`${head}Content-Length: 100\r\n\r\n{"Image":"a`).end();
    expect(await client.all()).toEndWith('{"message":"the request body ends early"}\n');
    expect(api.calls).toEqual([]);
    expect((await api.fetch("/_ping")).status).toBe(200);
  });

  test("close() stops listening and ends open streams", async () => {
    const api = startApi({
      events: {
        async *subscribe({ signal }) {
          await new Promise((done) => signal!.addEventListener("abort", done));
        },
      },
    });
    const events = await api.fetch("/events");
    await api.api.close(1000);
    await events.text().catch(() => {});
    expect(api.api.connectionCount()).toBe(0);
    await expect(api.fetch("/_ping")).rejects.toThrow();
    await api[Symbol.asyncDispose]();
  });
});
