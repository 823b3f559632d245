import { expect, test } from "bun:test";
import { run } from "#base/spawn.ts";

test("becomeBatchWork() changes how this process is scheduled", async () => {
  const script = `
    import { becomeBatchWork } from "${import.meta.dir}/batch-work.ts";
    becomeBatchWork();
    const stat = await Bun.file("/proc/self/stat").text();
    console.log(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[38]); // field 41, see proc(5)
  `;
  const { stdout } = await run([process.execPath, "-e", script]);
  expect(stdout.trim()).toBe("3");
});
