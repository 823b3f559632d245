import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { hermetic } from "./_testing/hermetic.ts";
import { NamespaceSwitch } from "./namespace/switch.ts";
import { createHostPorts } from "./ports.ts";

hermetic(import.meta.path, () => {
  const namespaces = new NamespaceSwitch();
  const ports = createHostPorts(namespaces);

  const listening = async (host: string, port: number): Promise<Server> => {
    const server = createServer((socket) => socket.end());
    server.listen({ host, port });
    await once(server, "listening");
    return server;
  };

  describe("HostPorts.reserve()", () => {
    test.each(["tcp", "udp"] as const)("keeps a %s port from others until it is released", (protocol) => {
      const request = { address: "0.0.0.0", port: 18080, protocol };
      const reservation = ports.reserve(request);
      expect(reservation.port).toBe(18080);
      const message = `bind 127.0.0.1:18080/${protocol}: address already in use (EADDRINUSE)`;
      expect(() => ports.reserve({ ...request, address: "127.0.0.1" })).toThrow(message);
      reservation[Symbol.dispose]();
      reservation[Symbol.dispose]();
      ports.reserve(request)[Symbol.dispose]();
    });

    test("fails while a program of the host listens", async () => {
      const server = await listening("127.0.0.1", 18081);
      expect(() => ports.reserve({ address: "0.0.0.0", port: 18081, protocol: "tcp" })).toThrow("EADDRINUSE");
      ports.reserve({ address: "127.0.0.2", port: 18081, protocol: "tcp" })[Symbol.dispose]();
      server.close();
    });

    test("a program of the host cannot take a reserved port", async () => {
      using _ = ports.reserve({ address: "0.0.0.0", port: 18082, protocol: "tcp" });
      expect(listening("0.0.0.0", 18082)).rejects.toThrow("EADDRINUSE");
    });

    test("closed connections in TIME_WAIT do not hold a port, and it is exclusive afterwards", async () => {
      const server = await listening("127.0.0.1", 18083);
      const client = connect(18083, "127.0.0.1"); // the server closes first: TIME_WAIT is on its side
      client.resume();
      await once(client, "close");
      server.close();
      await once(server, "close");
      const states = await Bun.file("/proc/net/tcp").text();
      expect(states).toMatch(/0100007F:46A3 \S+ 06 /);
      using _ = ports.reserve({ address: "0.0.0.0", port: 18083, protocol: "tcp" });
      expect(() => ports.reserve({ address: "0.0.0.0", port: 18083, protocol: "tcp" })).toThrow("EADDRINUSE");
      expect(listening("0.0.0.0", 18083)).rejects.toThrow("EADDRINUSE");
    });

    test("IPv6 and IPv4 wildcards do not meet", () => {
      using _six = ports.reserve({ address: "::", port: 18084, protocol: "tcp" });
      using _four = ports.reserve({ address: "0.0.0.0", port: 18084, protocol: "tcp" });
      expect(() => ports.reserve({ address: "::1", port: 18084, protocol: "tcp" })).toThrow(
        "[::1]:18084/tcp",
      );
    });

    test("port 0 gets one from the ephemeral range", () => {
      using reservation = ports.reserve({ address: "0.0.0.0", port: 0, protocol: "udp" });
      const { first, last } = ports.ephemeralRange();
      expect(reservation.port).toBeGreaterThanOrEqual(first);
      expect(reservation.port).toBeLessThanOrEqual(last);
    });

    test("an address that is not the host's is refused", () => {
      const request = { address: "192.0.2.1", port: 18085, protocol: "tcp" } as const;
      expect(() => ports.reserve(request)).toThrow("EADDRNOTAVAIL");
    });

    test("SCTP works whether the host knows it or not", () => {
      using reservation = ports.reserve({ address: "0.0.0.0", port: 18086, protocol: "sctp" });
      expect(reservation.port).toBe(18086);
    });
  });
});
