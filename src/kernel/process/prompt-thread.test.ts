import { expect, test } from "bun:test";
import { getPriority } from "node:os";
import { run } from "#base/spawn.ts";

test.skipIf(process.getuid?.() !== 0)(
  "becomePromptThread() raises this thread and nothing that it starts, unless somebody has decided",
  async () => {
    const script = `
      import { readFileSync } from "node:fs";
      import { becomePromptThread } from "${import.meta.dir}/prompt-thread.ts";
      const niceOf = (stat) => Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]); // field 19, see proc(5)
      const isDone = becomePromptThread();
      const own = niceOf(readFileSync("/proc/thread-self/stat", "utf8"));
      const child = niceOf(String(Bun.spawnSync(["cat", "/proc/self/stat"]).stdout));
      console.log(JSON.stringify({ isDone, own, child }));
    `;
    const before = getPriority();
    const { stdout } = await run([process.execPath, "-e", script]);
    expect(JSON.parse(stdout)).toEqual(
      before === 0 ? { isDone: true, own: -5, child: 0 } : { isDone: false, own: before, child: before },
    );
  },
);
