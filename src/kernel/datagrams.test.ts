import { expect, test } from "bun:test";
import { hermetic } from "./_testing/hermetic.ts";
import { close } from "./files/at.ts";
import { createNetworkNamespaces } from "./namespace/netns.ts";
import { NamespaceSwitch } from "./namespace/switch.ts";
import { createSockets } from "./sockets.ts";
import type { DatagramBatch } from "./types.ts";

const LOOPBACK = 0x7f000001;
const { bindDatagrams, createDatagramBatch } = createSockets();

hermetic(import.meta.path, () => {
  const namespaces = new NamespaceSwitch();
  const netns = createNetworkNamespaces(namespaces);

  /** Two sockets of a namespace of their own. */
  function withPair(work: (ends: Record<"a" | "b", { fd: number; port: number }>) => void): void {
    const path = "/run/netns/datagrams";
    using namespace = netns.create(path);
    namespace.netlink.apply([{ op: "up", link: "lo" }]);
    const [a, b] = namespace.run(() => [bindDatagrams("127.0.0.1"), bindDatagrams("127.0.0.1")]);
    try {
      work({ a: a!, b: b! });
    } finally {
      close(a!.fd);
      close(b!.fd);
      netns.remove(path);
    }
  }

  const texts = (batch: DatagramBatch, count: number) =>
    Array.from({ length: count }, (_, index) => Buffer.from(batch.message(index) ?? []).toString());

  test("a batch sends more than one call takes, in order, and tells who sent", () => {
    withPair(({ a, b }) => {
      const batch = createDatagramBatch();
      const messages = Array.from({ length: 40 }, (_, number) => `message ${number}`);
      for (const message of messages)
        batch.send(a.fd, { address: LOOPBACK, port: b.port }, Buffer.from(message));
      batch.flush(a.fd);
      const first = batch.receive(b.fd);
      const peer = batch.peer(first - 1);
      const received = texts(batch, first);
      received.push(...texts(batch, batch.receive(b.fd)));
      expect(received).toEqual(messages);
      expect(peer).toEqual({ address: LOOPBACK, port: a.port });
      expect(batch.receive(b.fd)).toBe(0);
    });
  });

  test("a long message goes alone and behind the others; read, it is no message", () => {
    withPair(({ a, b }) => {
      const batch = createDatagramBatch();
      const to = { address: LOOPBACK, port: b.port };
      batch.send(a.fd, to, Buffer.from("short"));
      batch.send(a.fd, to, Buffer.alloc(5000));
      batch.flush(a.fd);
      expect(batch.receive(b.fd)).toBe(2);
      expect(texts(batch, 1)).toEqual(["short"]);
      expect(batch.message(1)).toBeUndefined();
    });
  });

  test("what cannot be sent is lost, and the rest is sent", () => {
    withPair(({ a, b }) => {
      const batch = createDatagramBatch();
      batch.send(a.fd, { address: 0x0a000001, port: 1 }, Buffer.from("no route there"));
      batch.send(a.fd, { address: LOOPBACK, port: b.port }, Buffer.from("here"));
      batch.flush(a.fd);
      expect(texts(batch, batch.receive(b.fd))).toEqual(["here"]);
    });
  });
});
