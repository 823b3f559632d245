import type { CliHost } from "../host.ts";
import { onTerminalResize } from "../signals.ts";

const MENU = "\x1b[1;7md\x1b[0;2m Detach\x1b[0m";
const [SAVE, RESTORE] = ["\x1b7", "\x1b8"];
const RESET_REGION = "\x1b[r";

export interface KeyActions {
  /** Leaves the containers running. */
  readonly detach: () => void;
}

/**
 * Keyboard shortcuts of an attached `up`, named in the terminal's last line, which the output then stays above. Ctrl+C is
 * still the terminal's own. Disposing gives line and keyboard back.
 */
export function offerKeys(host: CliHost, { detach }: KeyActions): Disposable {
  const keys = host.stdin.enterKeyMode();
  const menu = showMenu(host);
  let isOver = false;
  void (async () => {
    for await (const piece of host.stdin.stream()) {
      if (isOver) return;
      for (const key of new TextDecoder().decode(piece)) {
        if (key === "d") detach();
        if (key === "\n") await host.stdout.write("\n"); // a gap in the output, as people make it
      }
    }
  })().catch(() => {}); // the terminal is gone, and what happens then is told by its signal
  return {
    [Symbol.dispose]() {
      isOver = true;
      menu[Symbol.dispose]();
      keys[Symbol.dispose]();
    },
  };
}

/** Output scrolls in all lines but the last one. */
function showMenu({ stdout }: CliHost): Disposable {
  const draw = () => {
    const height = stdout.size()?.height ?? 0;
    if (height < 3) return;
    // a line of room first, for a cursor that stands in the last one
    void stdout.write(`\n\x1b[1A${SAVE}\x1b[1;${height - 1}r\x1b[${height};1H\x1b[2K${MENU}${RESTORE}`);
  };
  draw();
  const resized = onTerminalResize(draw);
  return {
    [Symbol.dispose]() {
      resized[Symbol.dispose]();
      const height = stdout.size()?.height ?? 0;
      void stdout.write(`${SAVE}${RESET_REGION}\x1b[${height};1H\x1b[2K${RESTORE}`);
    },
  };
}
