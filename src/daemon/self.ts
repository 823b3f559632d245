import { join } from "node:path";

/** Command of our own executable again, in another role; from source it is Bun with the entry file. */
export function selfCommand(...args: string[]): string[] {
  const isCompiled = import.meta.path.startsWith("/$bunfs/");
  return isCompiled
    ? [process.execPath, ...args]
    : [process.execPath, join(import.meta.dir, "../main.ts"), ...args];
}
