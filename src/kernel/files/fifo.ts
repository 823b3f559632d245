import { AT, S } from "../ffi/constants.ts";
import { mknodat } from "./at.ts";

/** A named pipe that its owner alone may open. @param path absolute @throws SysError EEXIST */
export function makeFifo(path: string): void {
  mknodat(AT.FDCWD, path, S.IFIFO | 0o600);
}
