import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ContainersLab } from "../../test/fakes/containers-lab.ts";
import { selectProcesses } from "./top.ts";

const OUTPUT = `UID          PID    PPID  C STIME TTY          TIME CMD
root           1       0  0 Nov20 ?        00:00:03 /sbin/init splash
root        1000       1  0 03:00 ?        00:00:00 sh -c sleep 5 && echo "done  now"
nobody      1001    1000  0 03:00 ?        00:00:00 sleep 5
`;

describe("selectProcesses()", () => {
  test("keeps the container's lines and what stands in the last column", () => {
    expect(selectProcesses(OUTPUT, new Set([1000, 1001]))).toEqual({
      Titles: ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"],
      Processes: [
        ["root", "1000", "1", "0", "03:00", "?", "00:00:00", 'sh -c sleep 5 && echo "done now"'],
        ["nobody", "1001", "1000", "0", "03:00", "?", "00:00:00", "sleep 5"],
      ],
    });
  });

  test("needs a column PID", () => {
    expect(() => selectProcesses("CMD\nsh\n", new Set())).toThrow("couldn't find PID field in ps output");
  });
});

describe("top()", () => {
  let lab: ContainersLab;
  beforeEach(() => {
    lab = new ContainersLab();
  });
  afterEach(() => lab[Symbol.dispose]());

  test("asks the host's ps", async () => {
    const id = await lab.create("web");
    await lab.containers.start(id);
    expect((await lab.containers.top(id, "-eo pid,comm")).Titles).toEqual(["PID", "COMMAND"]);
    await expect(lab.containers.top(id, "-eo pid=no")).rejects.toThrow("is not allowed");
    await expect(lab.containers.top(id, "--no-such-option")).rejects.toThrow(/^ps: /);
  });

  test("needs a container that runs", async () => {
    const id = await lab.create("web");
    await expect(lab.containers.top("web", "")).rejects.toThrow(`container ${id} is not running`);
  });
});
