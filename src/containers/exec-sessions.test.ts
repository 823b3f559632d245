import { expect, test } from "bun:test";
import { type ExecSession, ExecSessions } from "./exec-sessions.ts";

const session = (id: string, change: Partial<ExecSession> = {}): ExecSession => ({
  id,
  containerId: "c",
  config: { Cmd: ["true"] },
  state: "created",
  process: undefined,
  exitCode: undefined,
  ...change,
});
const known = (sessions: ExecSessions, ids: readonly string[]) =>
  ids.filter((id) => {
    try {
      return sessions.get(id).id === id;
    } catch {
      return false;
    }
  });

test("ExecSessions keeps so many, forgets the oldest first and never one that runs", () => {
  const sessions = new ExecSessions();
  sessions.add(session("running", { state: "running" }));
  for (let i = 0; i < 10_000; i++) sessions.add(session(`s${i}`));
  expect(known(sessions, ["running", "s0", "s5903", "s5905", "s9999"])).toEqual([
    "running",
    "s5905",
    "s9999",
  ]);
});

test("ExecSessions keeps so many bytes", () => {
  const sessions = new ExecSessions();
  const Cmd = ["x".repeat(8 << 20)];
  for (const id of ["a", "b", "c", "d", "e"]) sessions.add(session(id, { config: { Cmd } }));
  expect(known(sessions, ["a", "b", "c", "d", "e"])).toEqual(["b", "c", "d", "e"]);
  sessions.forget("e");
  sessions.add(session("f"));
  expect(known(sessions, ["b", "f"])).toEqual(["b", "f"]);
});

test("ExecSessions forgets what nobody started within an hour", () => {
  let now = 0;
  const sessions = new ExecSessions(() => now);
  sessions.add(session("old"));
  now = 61 * 60_000;
  sessions.add(session("new"));
  expect(known(sessions, ["old", "new"])).toEqual(["new"]);
});
