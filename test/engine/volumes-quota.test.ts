/** `volume create -o size=` where the data root's file system keeps project quotas, and its refusal elsewhere. */
import { expect, test } from "bun:test";
import { IS_DOCKERD } from "../helpers/daemon.ts";
import { projectQuotas } from "../helpers/project-quotas.ts";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const quotas = projectQuotas("xfs", "ext4");
const daemon = useDaemon(quotas);
const docker = (...args: string[]) => daemon().docker(...args);
const write = (volume: string) =>
  docker(
    "run",
    "--rm",
    "-v",
    `${volume}:/v`,
    "busybox",
    "dd",
    "if=/dev/zero",
    "of=/v/file",
    "bs=1M",
    "count=16",
  );

test.skipIf(!quotas)(
  "volume create -o size= bounds its files, and those of its clones (needs project quotas)",
  async () => {
    await docker("volume", "create", "-o", "size=8M", "small");
    await docker("volume", "create", "-o", "size=32M", "large");
    const full = await write("small");
    expect(full.exitCode).toBe(1);
    expect(full.stderr).toMatch(/quota exceeded|No space left/i);
    expect((await write("large")).exitCode).toBe(0);
    expect((await write("free")).exitCode).toBe(0);
    await daemon().wharfText("volume", "rename", "small", "renamed");
    await daemon().kill();
    await daemon().start();
    expect((await write("renamed")).exitCode).toBe(1);
    await docker("run", "--rm", "-v", "renamed:/v", "busybox", "rm", "/v/file");
    await daemon().wharfText("volume", "clone", "renamed", "cloned");
    expect((await write("cloned")).exitCode).toBe(1);
    const { stdout } = await docker("volume", "inspect", "-f", "{{.Options.size}}", "cloned");
    expect(stdout).toBe("8M\n");
    await docker("volume", "rm", "renamed", "large", "free", "cloned");
  },
);

test.skipIf(quotas !== undefined)(
  "without project quotas a size is refused in Docker's words, and nothing is made",
  async () => {
    const refused = await docker("volume", "create", "-o", "size=8M", "small");
    expect(refused.stderr).toContain("create small: quota size requested but no quota support");
    expect((await docker("volume", "ls", "-q")).stdout).toBe("");
  },
);

test.skipIf(IS_DOCKERD)("sizes that are none are refused", async () => {
  expect((await docker("volume", "create", "-o", "size=much", "odd")).stderr).toContain(
    "invalid size: 'much'",
  );
});

testNothingIsLeft(daemon);
