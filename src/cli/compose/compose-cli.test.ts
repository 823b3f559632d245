import { describe, expect, test } from "bun:test";
import { recordingHost } from "../_recording-host.ts";
import { VERBS } from "../commands/compose/all.ts";
import { layoutFrame } from "./display-layout.ts";
import { LogPrinter } from "./log-printer.ts";

describe("the table of verbs", () => {
  for (const [name, entry] of Object.entries(VERBS))
    test(`VERBS loads ${name}, whose flags have texts and letters of their own`, async () => {
      const { verb } = await entry.load();
      const flags = Object.values(verb.flags) as { text: string; short?: string }[];
      const letters = flags.map(({ short }) => short).filter(Boolean);
      expect(letters).toEqual([...new Set(letters)]);
      expect(flags.every(({ text }) => text.length > 0)).toBe(true);
    });
});

const row = (id: string, status: "working" | "done" | "error", text: string) => ({
  event: { id, status, text },
  startedMs: 0,
  endedMs: status === "working" ? undefined : 1500,
});

const OPTIONS = { operation: "up", mark: "", nowMs: 300, width: 60, height: 20 };
const bare = (lines: readonly string[]) => lines.map((line) => line.replace(/\x1b\[[\d;]*m/g, ""));

test("layoutFrame() aligns names, words and times, and counts what is done", () => {
  const rows = [row("Container a", "done", "Started"), row("Network longer", "working", "Creating")];
  const frame = bare(layoutFrame(rows, OPTIONS));
  expect(frame[0]).toBe("[+] up 1/2");
  expect(frame[1]).toMatch(/^ ✔ Container a {4}Started {2,}1\.5s$/);
  expect(frame[2]).toMatch(/^ ⠸ Network longer Creating {2,}0\.3s$/);
});

test("layoutFrame() is never wider or higher than the terminal", () => {
  const rows = Array.from({ length: 30 }, (_, i) =>
    row(`Container ${"x".repeat(i * 4)}`, "error", "too bad ".repeat(20)),
  );
  const frame = bare(layoutFrame(rows, { ...OPTIONS, width: 40, height: 10 }));
  expect(frame.length).toBeLessThanOrEqual(10);
  expect(Math.max(...frame.map((line) => Bun.stringWidth(line)))).toBeLessThanOrEqual(40);
  expect(frame.at(-1)).toBe(" ... 23 more");
});

test("LogPrinter aligns the names of containers it knows of, and colours each", async () => {
  const host = recordingHost({});
  const printer = new LogPrinter(host, {
    hasColor: true,
    hasPrefix: true,
    timestamps: false,
    sources: ["a-1", "longer-1"],
  });
  await printer.line("a-1", "hello", false);
  await printer.line("longer-1", "oops", true);
  await printer.status("a-1", "exited with code 0");
  expect(host.stdoutText).toBe("\x1b[36ma-1       | \x1b[0mhello\n\x1b[36ma-1 exited with code 0\x1b[0m\n");
  expect(host.stderrText).toBe("\x1b[33mlonger-1  | \x1b[0moops\n");
});
