/** A runtime that is known to follow links of other containers is warned of where that matters, and only there. */
import { expect, test } from "bun:test";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

/** Says of itself what an old runc says. Nothing is started with it. */
const OLD = '#!/bin/sh\n[ "$1" = --version ] && echo "runc version 1.1.5+ds1"\n';
const daemon = useDaemon({
  prepare: `printf '${OLD.replaceAll("\n", "\\n")}' >/run/old-runc; chmod 755 /run/old-runc`,
  flags: ["--add-runtime", "old=/run/old-runc", "--default-runtime", "old"],
});

test("create warns of a mount in a volume that another container writes to, whichever is made last", async () => {
  const warningsOf = async (...args: string[]) =>
    (await daemon().docker("create", ...args, "busybox")).stderr;
  const nested = ["-v", "data:/data", "-v", "conf:/data/conf"];
  expect(await warningsOf("--name", "alone", ...nested)).toBe("");
  expect(await warningsOf("--name", "reader", "-v", "data:/x:ro")).toBe("");
  const reason =
    "the mount /data/conf of alone, which lies in data, where writer may write too (CVE-2024-45310)";
  expect(await warningsOf("--name", "writer", "-v", "data:/x")).toContain(
    `WARNING: runc 1.1.5 can be led astray`,
  );
  expect(await warningsOf("--name", "other", ...nested)).toContain("of other, which lies in data, where");
  expect(await warningsOf("--runtime", "crun", "--name", "safe", "-v", "new:/n", "-v", "n2:/n/n")).toBe("");
  await daemon().dockerText("rm", "other");
  expect((await daemon().docker("info")).stderr + (await daemon().dockerText("info"))).toContain(
    "WARNING: runc 1.1.5 follows links of other containers",
  );
  await daemon().dockerText("rm", "writer");
  expect(await warningsOf("--name", "writer", "-v", "data:/x")).toContain(reason);
  await daemon().dockerText("rm", "-v", "alone", "reader", "writer", "safe");
  await daemon().dockerText("volume", "rm", "data", "conf", "new", "n2");
});

testNothingIsLeft(daemon);
