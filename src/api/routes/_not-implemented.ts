import { NotImplemented } from "#base/errors.ts";
import type { Handler } from "../handler.ts";

/** An endpoint that Docker has and this version has not: said plainly rather than imitated. */
export function notImplemented(what: string): Handler {
  return () => {
    throw new NotImplemented(`${what} is not implemented by this version of wharf`);
  };
}
