/** `logs` with its options while the files it reads are rotated, compressed and removed, for each driver that keeps some. */
import { expect, test } from "bun:test";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);

const LINES = 30_000;
/** Waits for the followers, then writes so many numbered lines, with a pause now and again for readers to come in between. */
const WRITER = `until [ -e /go ]; do usleep 20000; done; i=0; while [ $i -lt ${LINES / 1000} ]; do seq $((i*1000+1)) $((i*1000+1000)); i=$((i+1)); usleep 20000; done; until [ -e /stop ]; do usleep 20000; done`;

const DRIVERS = [
  { name: "json-file", options: ["--log-driver", "json-file"] },
  { name: "json-file, compressed", options: ["--log-driver", "json-file", "--log-opt", "compress=true"] },
  { name: "local", options: ["--log-driver", "local"] },
  { name: "local, plain", options: ["--log-driver", "local", "--log-opt", "compress=false"] },
];

/** The numbers of an answer, which must follow each other without a gap. */
function numbersOf(text: string): number[] {
  const numbers = text.split("\n").map((line) => Number(line.split(" ").at(-1)));
  const gap = numbers.findIndex((number, i) => i > 0 && number !== numbers[i - 1]! + 1);
  expect(gap < 0 ? "no gap" : `${numbers[gap - 1]}, ${numbers[gap]}`).toBe("no gap");
  return numbers;
}

for (const { name, options } of DRIVERS)
  test(`${name}: nothing is missing or twice in what logs shows of a log that rotates`, async () => {
    // Some thirty files, all of them kept: a follower that this machine lets wait must not lose one.
    const bounds = ["--log-opt", "max-size=100k", "--log-opt", "max-file=50"];
    await docker("run", "-d", "--name", "turning", ...options, ...bounds, "busybox", "sh", "-c", WRITER);
    const follower = docker("logs", "-f", "turning");
    const tail = docker("logs", "-f", "--tail", "5", "-t", "turning");
    await docker("exec", "turning", "touch", "/go");
    const lastOf = async () => Number((await docker("logs", "--tail", "1", "turning")).split("\n").at(-1));
    for (let last = 0; last < LINES; last = await lastOf()) {
      const [all, some, since] = await Promise.all([
        docker("logs", "turning"),
        docker("logs", "--tail", "3000", "turning"),
        docker("logs", "-t", "--since", "1s", "turning"),
      ]);
      for (const text of [all, some, since]) if (text !== "") numbersOf(text);
      expect(some === "" ? 0 : numbersOf(some).length).toBeLessThanOrEqual(3000);
    }
    const stamps = await docker("logs", "-t", "--tail", "2", "turning");
    const [before] = stamps.split(" ");
    expect(numbersOf(await docker("logs", "--until", before!, "--tail", "10", "turning")).length).toBe(10);
    await docker("exec", "turning", "touch", "/stop");
    expect(numbersOf(await follower).at(-1)).toBe(LINES);
    expect(numbersOf(await tail).at(-1)).toBe(LINES); // it began whenever its client came to ask
    expect(
      await until(
        "ended",
        () => docker("inspect", "-f", "{{.State.Running}}", "turning"),
        (is) => is === "false",
      ),
    ).toBe("false");
    await docker("rm", "turning");
  });

testNothingIsLeft(daemon);
