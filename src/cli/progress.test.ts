import { describe, expect, test } from "bun:test";
import type { ProgressLine } from "#spec/docker/images.ts";
import { recordingHost } from "./_recording-host.ts";
import { rowText, showProgress } from "./progress.ts";

async function* lines(...values: ProgressLine[]): AsyncGenerator<ProgressLine> {
  yield* values;
}

describe("showProgress()", () => {
  const pull = () =>
    lines(
      { status: "Pulling from bb", id: "1" },
      { status: "Downloading", id: "abc", progressDetail: { current: 5, total: 10 }, progress: "[==>  ]" },
      { status: "Pull complete", id: "abc", progressDetail: {} },
      { status: "Status: Downloaded newer image" },
      { stream: "Loaded image: x\n" },
    );

  test("showProgress() writes plain lines into a pipe, without the moving ones", async () => {
    const host = recordingHost({});
    await showProgress(pull(), host.stdout);
    expect(host.stdoutText).toBe(
      "1: Pulling from bb\nabc: Pull complete\nStatus: Downloaded newer image\nLoaded image: x\n",
    );
  });

  test("showProgress() rewrites lines on a terminal and leaves the last state", async () => {
    const host = recordingHost({ isTerminal: true, size: { height: 10, width: 80 } });
    await showProgress(pull(), host.stdout);
    const screen = host.stdoutText.replaceAll("\x1b[2K\r", "");
    expect(screen).toEndWith(
      "1: Pulling from bb\nabc: Pull complete\nStatus: Downloaded newer image\nLoaded image: x\n",
    );
  });

  test("showProgress() throws what the stream ends with", async () => {
    const host = recordingHost({});
    const shown = showProgress(
      lines({ errorDetail: { message: "disk full" }, error: "disk full" }),
      host.stdout,
    );
    expect(shown).rejects.toThrow("disk full");
    await shown.catch(() => {});
  });
});

describe("rowText()", () => {
  const row = { id: "abc", status: "Downloading", progressDetail: { current: 5_000_000, total: 10_000_000 } };

  test("rowText() draws a bar that fits the width", () => {
    expect(rowText(row, 80)).toBe("abc: Downloading [===============>              ]  5MB/10MB");
    expect(rowText(row, 30)).toBe("abc: Downloading 5MB/10MB");
  });

  test("rowText() shows only a size when the end is not known", () => {
    expect(rowText({ ...row, progressDetail: { current: 1500 } }, 80)).toBe("abc: Downloading    1.5kB");
  });
});
