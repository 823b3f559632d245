import { describe, expect, test } from "bun:test";
import { queryBytes, recordsOf, resolverAnswer } from "./_query.ts";
import { AnswerCache, cacheKey } from "./cache.ts";
import { Forwarder } from "./forwarder.ts";
import { parseQuery, RCODE, u16 } from "./message.ts";
import { framed } from "./upstream.ts";

function questionOf(bytes: Uint8Array): Parameters<Forwarder["remembered"]> {
  const query = parseQuery(bytes)!;
  return [cacheKey(bytes, query), bytes, query];
}

type Answering = (query: Uint8Array) => Uint8Array | undefined;

/** Resolvers at 127.0.1.1, 127.0.1.2, … of one port. */
async function resolvers(...answering: Answering[]) {
  const attemptMs = answering.includes(silent) ? 300 : 10_000;
  const asked: number[] = answering.map(() => 0);
  const open: { close(): void }[] = [];
  let port = 0;
  for (const [index, answer] of answering.entries()) {
    const hostname = `127.0.1.${index + 1}`;
    const socket = await Bun.udpSocket({
      hostname,
      port,
      socket: {
        data(own, query, from, address) {
          asked[index]!++;
          const reply = answer(query);
          if (reply) own.send(reply, from, address);
        },
      },
    });
    port = socket.port;
    open.push(socket);
  }
  const addresses = answering.map((_, index) => `127.0.1.${index + 1}`);
  const forwarder = new Forwarder(addresses, { inside: (work) => work(), port, attemptMs });
  const ask = (name: string, { byTcp = false, id = 1 } = {}) => {
    const bytes = queryBytes(name, { id });
    return forwarder.ask(bytes, parseQuery(bytes)!, byTcp);
  };
  return {
    asked,
    ask,
    port,
    forwarder,
    [Symbol.dispose]() {
      forwarder[Symbol.dispose]();
      for (const socket of open) socket.close();
    },
  };
}

const good: Answering = (query) => resolverAnswer(query);
const refuses: Answering = (query) => resolverAnswer(query, { rcode: RCODE.SERVFAIL });
const silent: Answering = () => undefined;

describe("Forwarder", () => {
  test("gives the resolver's answer back under the client's id, and asks once for what it remembers", async () => {
    using world = await resolvers(good);
    const answer = await world.ask("example.org", { id: 77 });
    expect([u16(answer!, 0), recordsOf(answer!)]).toEqual([77, ["192.0.2.1"]]);
    const again = queryBytes("EXAMPLE.org", { id: 78 });
    const remembered = world.forwarder.remembered(...questionOf(again));
    expect([u16(remembered!, 0), recordsOf(remembered!)]).toEqual([78, ["192.0.2.1"]]);
    expect(Buffer.from(remembered!).toString("latin1")).toContain("EXAMPLE");
    expect(world.asked).toEqual([1]);
  });

  test("takes the first resolver that knows, though others fail or are silent", async () => {
    using world = await resolvers(silent, refuses, good);
    expect(recordsOf((await world.ask("a.example"))!)).toEqual(["192.0.2.1"]);
  });

  test("passes on a failure when nobody knows better, and gives up on silence", async () => {
    using world = await resolvers(refuses, silent);
    expect(u16((await world.ask("b.example"))!, 2) & 0xf).toBe(RCODE.SERVFAIL);
    using quiet = await resolvers(silent);
    expect(await quiet.ask("c.example")).toBeUndefined();
    expect(quiet.asked).toEqual([2]);
  });

  test("remembers that there is no such name", async () => {
    using world = await resolvers((query) => resolverAnswer(query, { rcode: RCODE.NXDOMAIN }));
    for (let i = 0; i < 3; i++) {
      const bytes = queryBytes("nosuch.example");
      if (world.forwarder.remembered(...questionOf(bytes)) === undefined) await world.ask("nosuch.example");
    }
    expect(world.asked).toEqual([1]);
  });

  test("asks once for equal questions at one time, and answers each under its own id", async () => {
    using world = await resolvers(good);
    const answers = await Promise.all([1, 2, 3].map((id) => world.ask("d.example", { id })));
    expect(answers.map((answer) => u16(answer!, 0))).toEqual([1, 2, 3]);
    expect(world.asked).toEqual([1]);
  });

  test("does not believe an answer to another question", async () => {
    using world = await resolvers(silent, (query) => {
      const forged = resolverAnswer(query, { address: [6, 6, 6, 6] });
      forged[13] = 0x78; // another name
      return forged;
    });
    expect(await world.ask("e.example")).toBeUndefined();
  });

  test("goes on by TCP for a client that can take a long answer", async () => {
    using world = await resolvers((query) => resolverAnswer(query, { truncated: true }));
    using _tcp = listenTcp("127.0.1.1", world.port);
    expect(recordsOf((await world.ask("f.example", { byTcp: true }))!)).toEqual(["192.0.2.1"]);
    const short = await world.ask("g.example");
    expect(u16(short!, 2) & 0x0200).toBe(0x0200);
  });

  test("many questions go out by several sockets and all come back", async () => {
    using world = await resolvers(good);
    for (let from = 0; from < 700; from += 50) {
      const ids = Array.from({ length: 50 }, (_, i) => from + i); // as many as a socket's buffer surely holds
      const answers = await Promise.all(ids.map((id) => world.ask(`n${id}.example`, { id })));
      expect(answers.map((answer) => answer && u16(answer, 0))).toEqual(ids);
    }
  });
});

describe("AnswerCache", () => {
  function cached(ttl: number) {
    let nowMs = 0;
    const cache = new AnswerCache(() => nowMs);
    const bytes = queryBytes("x.example");
    const query = parseQuery(bytes)!;
    cache.put(cacheKey(bytes, query), resolverAnswer(bytes, { ttl }));
    const ttlAfter = (ms: number) => {
      nowMs = ms;
      const answer = cache.get(cacheKey(bytes, query), bytes, query);
      return answer && new DataView(answer.buffer).getUint32(query.questionEnd + 6);
    };
    return ttlAfter;
  }

  test("counts the time to live down and drops what is over", () => {
    const ttlAfter = cached(60);
    expect(ttlAfter(0)).toBe(60);
    expect(ttlAfter(10_500)).toBe(50);
    expect(ttlAfter(60_001)).toBeUndefined();
  });

  test("keeps nothing that says it must not be kept, and nothing for long", () => {
    expect(cached(0)(0)).toBeUndefined();
    expect(cached(60_000)(300_001)).toBeUndefined();
  });
});

function listenTcp(hostname: string, port: number): Disposable {
  const listener = Bun.listen({
    hostname,
    port,
    socket: { data: (socket, data) => void socket.write(framed(resolverAnswer(data.subarray(2)))) },
  });
  return { [Symbol.dispose]: () => listener.stop(true) };
}
