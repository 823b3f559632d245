import { expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { hermetic } from "../_testing/hermetic.ts";
import { createNetworkNamespaces } from "../namespace/netns.ts";
import { NamespaceSwitch } from "../namespace/switch.ts";
import { redirectLoopback } from "./loopback-redirect.ts";

const ADDRESS = "127.0.0.11";

hermetic(import.meta.path, () => {
  const netns = createNetworkNamespaces(new NamespaceSwitch());

  function udpServer(text: string) {
    const answer = (socket: Bun.udp.Socket<"buffer">, data: Buffer, port: number, address: string) =>
      void socket.send(`${text} ${data}`, port, address);
    return Bun.peek(
      Bun.udpSocket({ hostname: ADDRESS, port: 0, socket: { data: answer } }),
    ) as Bun.udp.Socket<"buffer">;
  }

  test("redirectLoopback() sends UDP and TCP on, brings answers from the address asked, and keeps the port free", async () => {
    using namespace = netns.create(`${mkdtempSync("/run/redirect-")}/ns`);
    namespace.netlink.apply([{ op: "up", link: "lo" }]);
    const { promise, resolve } = Promise.withResolvers<string>();
    const { promise: tcpAnswer, resolve: tcpResolve } = Promise.withResolvers<string>();
    const made = namespace.run(() => {
      const server = udpServer("udp heard");
      const tcp = Bun.listen({
        hostname: ADDRESS,
        port: 0,
        socket: { data: (socket, data) => void socket.end(`tcp heard ${data}`) },
      });
      const to = { udp: server.port, tcp: tcp.port };
      redirectLoopback({ table: "names", address: ADDRESS, port: 53, to: { udp: 1, tcp: 1 } });
      redirectLoopback({ table: "names", address: ADDRESS, port: 53, to });
      const client = Bun.peek(
        Bun.udpSocket({
          connect: { hostname: ADDRESS, port: 53 },
          socket: { data: (_socket, data) => resolve(data.toString()) },
        }),
      ) as Bun.udp.ConnectedSocket<"buffer">;
      client.send("one");
      void Bun.connect({
        hostname: ADDRESS,
        port: 53,
        socket: {
          open: (socket) => void socket.write("two"),
          data: (_socket, data) => tcpResolve(data.toString()),
        },
      });
      const own = Bun.listen({ hostname: "0.0.0.0", port: 53, socket: { data() {} } });
      return { server, tcp, client, own };
    });
    expect(await promise).toBe("udp heard one");
    expect(await tcpAnswer).toBe("tcp heard two");
    made.own.stop(true);
    made.tcp.stop(true);
    made.client.close();
    made.server.close();
  });

  test("redirectLoopback() names the table the kernel refuses", () => {
    using namespace = netns.create(`${mkdtempSync("/run/redirect-")}/ns`);
    const request = { table: "x".repeat(300), address: ADDRESS, port: 53, to: { udp: 1, tcp: 1 } };
    expect(() => namespace.run(() => redirectLoopback(request))).toThrow("table xxx");
  });
});
