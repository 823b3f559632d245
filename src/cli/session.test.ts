import { expect, test } from "bun:test";
import { EngineUnreachable } from "#client/errors.ts";
import type { Channel } from "#client/types.ts";
import { dialOrStart } from "./session.ts";

const channel = {} as Channel;

function absentOnce(code: string): () => Promise<Channel> {
  let calls = 0;
  return async () => {
    if (calls++ === 0) throw new EngineUnreachable("unix:///x", code, new Error(code));
    return channel;
  };
}

test("dialOrStart() starts an engine when none is there, and connects again", async () => {
  const events: string[] = [];
  expect(await dialOrStart(absentOnce("ENOENT"), async () => void events.push("started"))).toBe(channel);
  expect(events).toEqual(["started"]);
});

test("dialOrStart() leaves other failures alone", async () => {
  const refused = dialOrStart(absentOnce("EACCES"), async () => {
    throw new Error("must not start");
  });
  expect(refused).rejects.toThrow("unix:///x");
  await refused.catch(() => {});
});
