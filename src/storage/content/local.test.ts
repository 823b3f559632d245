import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "#base/digest.ts";
import { InvalidArgument, NotFound } from "#base/errors.ts";
import type { ContentStore } from "../types.ts";
import { createContentStore } from "./local.ts";

const HELLO = Buffer.from("hello");
const HELLO_DIGEST = sha256(HELLO);
const ABSENT = `sha256:${"0".repeat(64)}`;

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // closed since it was listed
  }
}

describe("createContentStore()", () => {
  let directory: string;
  let store: ContentStore;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "wharf-content-"));
    store = createContentStore(join(directory, "content"), { now: () => Date.now() + 1000 });
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test("put() keeps a blob under its digest, once", async () => {
    expect(await store.put("hello")).toBe(HELLO_DIGEST);
    expect(await store.put(HELLO)).toBe(HELLO_DIGEST);
    expect(store.info(HELLO_DIGEST)).toEqual({ digest: HELLO_DIGEST, sizeBytes: 5 });
    expect(readFileSync(store.path(HELLO_DIGEST), "utf8")).toBe("hello");
    expect(await store.readText(HELLO_DIGEST)).toBe("hello");
    expect(store.list()).toEqual([{ digest: HELLO_DIGEST, sizeBytes: 5 }]);
    expect(readdirSync(join(directory, "content/ingest"))).toEqual([]);
  });

  test("what is not there is undefined, or NotFound when asked for by path", async () => {
    expect(store.info(ABSENT)).toBeUndefined();
    expect(() => store.path(ABSENT)).toThrow(NotFound);
    expect(store.readText(ABSENT)).rejects.toThrow(NotFound);
    expect(() => store.info("sha256:../../etc/passwd")).toThrow(InvalidArgument);
  });

  test("readText() refuses a blob beyond its bound", async () => {
    await store.put("hello");
    expect(store.readText(HELLO_DIGEST, 4)).rejects.toThrow("has 5 bytes, at most 4 are read");
  });

  test("delete() tells whether there was one", async () => {
    await store.put("hello");
    expect(store.delete(HELLO_DIGEST)).toBe(true);
    expect(store.delete(HELLO_DIGEST)).toBe(false);
    expect(store.list()).toEqual([]);
  });

  test("delete() of a large blob is done at once, and holds it no longer than giving its bytes back takes", async () => {
    const bytes = new Uint8Array(20 << 20);
    const digest = await store.put(bytes);
    const path = store.path(digest);
    expect(store.delete(digest)).toBe(true);
    expect(store.info(digest)).toBeUndefined();
    const held = () =>
      readdirSync("/proc/self/fd").some((fd) => readLink(`/proc/self/fd/${fd}`).startsWith(path));
    while (held()) await Bun.sleep(1); // the test's own time limit ends it otherwise
  });

  test("ingest() resumes where an earlier writer was interrupted, also in another process", async () => {
    {
      await using first = await store.ingest(HELLO_DIGEST);
      await first.write(HELLO.subarray(0, 2));
    }
    const reopened = createContentStore(join(directory, "content"), { now: () => Date.now() });
    const second = await reopened.ingest(HELLO_DIGEST);
    expect(second.offset).toBe(2);
    await second.write(HELLO.subarray(2));
    expect(await second.commit({ digest: HELLO_DIGEST, sizeBytes: 5 })).toEqual({
      digest: HELLO_DIGEST,
      sizeBytes: 5,
    });
    await second[Symbol.asyncDispose]();
    expect(reopened.abandonedIngests()).toEqual([]);
  });

  test("commit() verifies sha512 as well", async () => {
    const digest = `sha512:${new Bun.CryptoHasher("sha512").update(HELLO).digest("hex")}`;
    await using ingest = await store.ingest("x");
    await ingest.write(HELLO);
    await ingest.commit({ digest });
    expect(await store.readText(digest)).toBe("hello");
  });

  test.each([
    {
      title: "another digest",
      expected: { digest: ABSENT },
      reason: `its digest is ${HELLO_DIGEST} instead of ${ABSENT}`,
    },
    { title: "another size", expected: { sizeBytes: 6 }, reason: "5 bytes instead of 6" },
  ])("commit() refuses $title and forgets the bytes", async ({ expected, reason }) => {
    await using ingest = await store.ingest("key");
    await ingest.write(HELLO);
    expect(await ingest.commit(expected).catch((error) => error)).toEqual(
      new InvalidArgument(`content key was not as expected: ${reason}`),
    );
    expect(store.list()).toEqual([]);
    await using again = await store.ingest("key");
    expect(again.offset).toBe(0);
  });

  test("bytes damaged between two writers are noticed at commit()", async () => {
    {
      await using first = await store.ingest("key");
      await first.write(HELLO.subarray(0, 2));
    }
    const [name] = readdirSync(join(directory, "content/ingest"));
    writeFileSync(join(directory, "content/ingest", name!), "xx");
    await using second = await store.ingest("key");
    await second.write(HELLO.subarray(2));
    expect(second.commit({ digest: HELLO_DIGEST })).rejects.toThrow("instead of");
  });

  test("ingest() lets one writer at a time have a key", async () => {
    const first = await store.ingest("key");
    let entered = false;
    const waiting = store.ingest("key").then((second) => {
      entered = true;
      return second;
    });
    await using _other = await store.ingest("other key");
    expect(entered).toBe(false);
    await first.abort();
    const second = await waiting;
    expect(second.offset).toBe(0);
    await second.abort();
  });

  test("commit() of a blob that came in meanwhile keeps the one that is there", async () => {
    await using late = await store.ingest("late");
    await late.write(HELLO);
    await store.put(HELLO);
    const { ino } = statSync(store.path(HELLO_DIGEST));
    await late.commit({ digest: HELLO_DIGEST });
    expect(statSync(store.path(HELLO_DIGEST)).ino).toBe(ino);
    expect(store.abandonedIngests()).toEqual([]);
  });

  test("abandonedIngests() lists what nobody writes, discardIngest() removes it", async () => {
    {
      await using left = await store.ingest("../left behind");
      await left.write(HELLO);
    }
    await using _busy = await store.ingest("busy");
    const [only, ...others] = store.abandonedIngests();
    expect(others).toEqual([]);
    expect(only).toMatchObject({ key: "../left behind", sizeBytes: 5 });
    expect(only!.ageMs).toBeGreaterThan(0);
    store.discardIngest("busy");
    store.discardIngest("../left behind");
    expect(readdirSync(join(directory, "content/ingest"))).toEqual(["kbusy"]);
  });

  test("nobody else can look inside", () => {
    for (const path of ["content", "content/blobs", "content/blobs/sha256", "content/ingest"])
      expect(statSync(join(directory, path)).mode & 0o777).toBe(0o700);
  });

  test("a closed ingest refuses more", async () => {
    const ingest = await store.ingest("key");
    await ingest.abort();
    await ingest.abort();
    expect(ingest.write(HELLO)).rejects.toThrow("ingest key is closed");
  });
});
