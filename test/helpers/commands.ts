import { expect } from "bun:test";
import { join } from "node:path";
import type { TestDaemon } from "./daemon.ts";

/** What a file of tests says again and again to its daemon; `daemon` as `useDaemon` gives it. */
export function commandsFor(daemon: () => TestDaemon) {
  return {
    /** The stock client's output. */
    docker: (...args: string[]) => daemon().dockerText(...args),
    /** What the stock client says of a command that must fail. */
    async refused(...args: string[]): Promise<string> {
      const { exitCode, stderr } = await daemon().docker(...args);
      expect(exitCode).not.toBe(0);
      return stderr.trim();
    },
    /** A script on the daemon's machine; it must succeed. */
    sh: (script: string) => daemon().machine.text(["sh", "-ec", script]),
    /** A name in the machine's own directory. */
    home: (name: string) => join(daemon().machine.directory, name),
  };
}
