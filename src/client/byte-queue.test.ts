import { describe, expect, test } from "bun:test";
import { ByteQueue } from "./byte-queue.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (data: Uint8Array) => new TextDecoder().decode(data);

function queue(): { readonly all: ByteQueue; readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    all: new ByteQueue({ pause: () => void asked.push("pause"), resume: () => void asked.push("resume") }),
  };
}

describe("ByteQueue.pump()", () => {
  test("gives what waits and what comes, and ends with the other side", async () => {
    const { all } = queue();
    const taken: string[] = [];
    all.push(bytes("before"));
    const pumping = all.pump((chunk) => {
      taken.push(textOf(chunk));
      return undefined;
    });
    await Promise.resolve();
    all.push(bytes("one"));
    all.push(bytes("two"));
    expect(taken).toEqual(["before", "one", "two"]); // at once
    all.end();
    await pumping;
  });

  test("gives nothing while its taker waits, however much comes, and makes the other side wait", async () => {
    const { all, asked } = queue();
    const taken: string[] = [];
    let letGo: () => void = () => {};
    const pumping = all.pump((chunk) => {
      taken.push(textOf(chunk).slice(0, 5));
      return new Promise<void>((resolve) => {
        letGo = resolve;
      });
    });
    await Promise.resolve();
    all.push(bytes("first"));
    all.push(bytes("second"));
    all.push(new Uint8Array(2 << 20).fill(120));
    await Bun.sleep(1);
    expect([taken, asked]).toEqual([["first"], ["pause"]]);
    for (const expected of [
      ["first", "secon"],
      ["first", "secon", "xxxxx"],
    ]) {
      letGo();
      await Bun.sleep(1);
      expect(taken).toEqual(expected);
    }
    all.end();
    await Bun.sleep(1);
    expect(asked).toEqual(["pause", "resume"]);
    letGo();
    await pumping;
  });

  test("stops where its taker is done, and leaves the rest to be read", async () => {
    const { all } = queue();
    let left = 2;
    const pumping = all.pump(
      () => {
        left -= 1;
        return undefined;
      },
      () => left === 0,
    );
    await Promise.resolve();
    for (const text of ["one", "two", "three"]) all.push(bytes(text));
    await pumping;
    expect(textOf((await all.read())!)).toBe("three");
  });

  test("fails as its taker fails, at once or later, and as the connection does", async () => {
    for (const take of [
      () => {
        throw new Error("at once");
      },
      () => Promise.reject(new Error("later")),
    ]) {
      const { all } = queue();
      const pumping = all.pump(take);
      await Promise.resolve();
      all.push(bytes("x"));
      await expect(pumping).rejects.toThrow(/at once|later/);
    }
    const { all } = queue();
    const pumping = all.pump(() => undefined);
    all.fail(new Error("broken"));
    await expect(pumping).rejects.toThrow("broken");
  });
});
