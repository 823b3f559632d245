/** `--storage-opt size=` where the data root's file system keeps project quotas, and its refusal elsewhere. */
import { expect, test } from "bun:test";
import { projectQuotas } from "../helpers/project-quotas.ts";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const quotas = projectQuotas("ext4", "xfs");
const daemon = useDaemon(quotas);
const docker = (...args: string[]) => daemon().docker(...args);
const WRITE = ["sh", "-c", "dd if=/dev/zero of=/tmp/file bs=1M count=16 && sync"];

test.skipIf(!quotas)(
  "run --storage-opt size= bounds what a container writes (needs project quotas)",
  async () => {
    const bounded = await docker("run", "--rm", "--storage-opt", "size=8M", "busybox", ...WRITE);
    expect(bounded.exitCode).toBe(1);
    expect(bounded.stderr).toMatch(/quota exceeded|No space left/i);
    expect((await docker("run", "--rm", "--storage-opt", "size=32M", "busybox", ...WRITE)).exitCode).toBe(0);
    expect((await docker("run", "--rm", "busybox", ...WRITE)).exitCode).toBe(0);
    await docker("create", "--name", "kept", "--storage-opt", "size=8M", "busybox", ...WRITE);
    expect(await daemon().dockerText("inspect", "-f", "{{json .HostConfig.StorageOpt}}", "kept")).toBe(
      '{"size":"8M"}',
    );
    await daemon().kill();
    await daemon().start();
    expect((await docker("start", "-a", "kept")).exitCode).toBe(1);
    await docker("rm", "kept");
  },
);

test.skipIf(quotas !== undefined)(
  "without project quotas --storage-opt size= is refused in Docker's words",
  async () => {
    const refused = await docker("create", "--storage-opt", "size=8M", "busybox");
    expect(refused.stderr).toContain(
      "--storage-opt is supported only for overlay over xfs with 'pquota' mount option",
    );
  },
);

test("sizes that are none are refused", async () => {
  expect((await docker("create", "--storage-opt", "nosuch=8M", "busybox")).stderr).toContain(
    "Unknown option nosuch",
  );
  expect((await docker("create", "--storage-opt", "size=0", "busybox")).exitCode).toBe(1);
});

testNothingIsLeft(daemon);
