import type { CliHost } from "./host.ts";
import { onTerminalResize } from "./signals.ts";
import type { TerminalSize } from "./terminal.ts";

/** A process that was just started may not have its terminal yet. */
const ATTEMPTS = 10;
const RETRY_MS = 10;

type Resize = (size: TerminalSize) => Promise<void>;

/** Keeps the terminal of a process as large as ours, until disposed. Does nothing where we have none. */
export function followTerminalSize(host: CliHost, resize: Resize): Disposable {
  const size = host.stdout.size();
  if (!size) return { [Symbol.dispose]() {} };
  void resizeSoon(resize, size);
  return onTerminalResize(() => {
    const current = host.stdout.size();
    if (current) void resize(current).catch(() => {});
  });
}

async function resizeSoon(resize: Resize, size: TerminalSize): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      return await resize(size);
    } catch {
      await Bun.sleep(RETRY_MS * attempt);
    }
  }
}
