import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { hermetic } from "#kernel/_testing/hermetic.ts";
import { createKernel } from "#kernel/linux.ts";
import { queryBytes, recordsOf, resolverAnswer } from "./_query.ts";
import { RCODE, u16 } from "./message.ts";
import { NameServer } from "./server.ts";
import type { SandboxView, ViewEndpoint } from "./types.ts";
import { framed } from "./upstream.ts";

hermetic(import.meta.path, () => {
  const kernel = createKernel();
  const home = mkdtempSync("/run/names-");
  const resolvConf = `${home}/resolv.conf`;
  writeFileSync(resolvConf, "nameserver 127.0.1.1\n");
  kernel.host.apply([{ op: "up", link: "lo" }]);
  const heard: string[] = [];
  const resolver = Bun.peek(
    Bun.udpSocket({
      hostname: "127.0.1.1",
      port: 0,
      socket: {
        data(socket, query, port, address) {
          heard.push(address);
          socket.send(resolverAnswer(query), port, address);
        },
      },
    }),
  ) as Bun.udp.Socket<"buffer">;
  const server = new NameServer({ kernel, resolvConf, resolverPort: resolver.port });
  afterAll(() => {
    server[Symbol.dispose]();
    resolver.close();
  });

  function container(
    id: string,
    names: readonly string[],
    address: string,
    parts: Partial<SandboxView> = {},
  ) {
    const netnsPath = `${home}/${id}`;
    using namespace = kernel.netns.create(netnsPath);
    namespace.netlink.apply([{ op: "up", link: "lo" }]);
    const endpoint: ViewEndpoint = {
      networkId: "n",
      networkName: "net",
      names,
      addresses: [address],
      links: {},
    };
    const view: SandboxView = {
      id,
      netnsPath,
      endpoints: [endpoint],
      fixed: {},
      resolvers: "host",
      ...parts,
    };
    expect(server.set(view)).toEqual([]);
    return view;
  }

  function ask({ netnsPath }: SandboxView, query: Uint8Array): Promise<Uint8Array> {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    using namespace = kernel.netns.open(netnsPath);
    namespace.run(() => {
      const client = Bun.peek(
        Bun.udpSocket({
          connect: { hostname: "127.0.0.11", port: 53 },
          socket: {
            data(socket, answer) {
              resolve(new Uint8Array(answer));
              socket.close();
            },
          },
        }),
      ) as Bun.udp.ConnectedSocket<"buffer">;
      client.send(query);
    });
    return promise;
  }

  const web = container("web", ["web"], "10.0.0.2");
  const app = container("app", ["app"], "10.0.0.3");
  const cutOff = container("cut", ["cut"], "10.0.0.4", { resolvers: [] });

  describe("NameServer", () => {
    test("answers names at 127.0.0.11 in each container's namespace", async () => {
      expect(recordsOf(await ask(app, queryBytes("web")))).toEqual(["10.0.0.2"]);
      expect(recordsOf(await ask(web, queryBytes("app", { id: 9 })))).toEqual(["10.0.0.3"]);
    });

    test("answers by TCP, several questions on one connection, also when they come in pieces", async () => {
      const { promise, resolve } = Promise.withResolvers<Buffer>();
      let received = Buffer.alloc(0);
      const questions = Buffer.concat([framed(queryBytes("web")), framed(queryBytes("app"))]);
      using namespace = kernel.netns.open(app.netnsPath);
      namespace.run(() => {
        void Bun.connect({
          hostname: "127.0.0.11",
          port: 53,
          socket: {
            open(socket) {
              socket.write(questions.subarray(0, 5));
              setTimeout(() => socket.write(questions.subarray(5)), 5);
            },
            data(socket, data) {
              received = Buffer.concat([received, data]);
              const first = 2 + u16(received, 0);
              if (received.length < first + 2 || received.length < first + 2 + u16(received, first)) return;
              resolve(received);
              socket.terminate();
            },
          },
        });
      });
      const both = await promise;
      const first = 2 + u16(both, 0);
      expect(recordsOf(both.subarray(2, first))).toEqual(["10.0.0.2"]);
      expect(recordsOf(both.subarray(first + 2))).toEqual(["10.0.0.3"]);
    });

    test("asks the host's resolvers, from the host, for all other names", async () => {
      const answer = await ask(app, queryBytes("example.org", { id: 5 }));
      expect([u16(answer, 0), recordsOf(answer)]).toEqual([5, ["192.0.2.1"]]);
      expect(heard).toContain("127.0.0.1");
    });

    test("asks nobody for a container without a way out", async () => {
      const before = heard.length;
      expect(u16(await ask(cutOff, queryBytes("secret.example.org")), 2) & 0xf).toBe(RCODE.SERVFAIL);
      expect(recordsOf(await ask(cutOff, queryBytes("web")))).toEqual(["10.0.0.2"]);
      expect(heard.length).toBe(before);
    });

    test("leaves port 53 to a container that is a name server itself", () => {
      using namespace = kernel.netns.open(web.netnsPath);
      const own = namespace.run(() => Bun.listen({ hostname: "0.0.0.0", port: 53, socket: { data() {} } }));
      own.stop(true);
    });

    test("tells who sends nonsense, and goes on", async () => {
      const odd = queryBytes("web");
      odd[5] = 2;
      expect(u16(await ask(app, odd), 2) & 0xf).toBe(RCODE.FORMERR);
      expect(recordsOf(await ask(app, queryBytes("web")))).toEqual(["10.0.0.2"]);
    });

    test("a flood of questions that nobody answers does not keep others' names from resolving", async () => {
      const flooding = container("flood", ["flood"], "10.0.0.6", { resolvers: ["192.0.2.53"] });
      void Promise.all(
        Array.from({ length: 600 }, (_, i) => ask(flooding, queryBytes(`x${i}.example`, { id: i }))),
      );
      expect(recordsOf(await ask(app, queryBytes("web")))).toEqual(["10.0.0.2"]);
      expect(recordsOf(await ask(flooding, queryBytes("web")))).toEqual(["10.0.0.2"]);
      server.delete(flooding.id);
    });

    test("sync() forgets whom it does not name, and says what cannot be served", async () => {
      const lost = { ...app, id: "lost", netnsPath: `${home}/nowhere` };
      const failures = server.sync([web, app, lost]);
      expect(failures.map(({ id }) => id)).toEqual(["lost"]);
      expect(server.size).toBe(2);
      expect(u16(await ask(app, queryBytes("cut.net")), 6)).toBeGreaterThanOrEqual(0);
    });
  });
});
