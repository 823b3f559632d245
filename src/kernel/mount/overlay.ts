import { AT, O } from "../ffi/constants.ts";
import { memory, syscall } from "../ffi/syscall.ts";
import { close, openat } from "../files/at.ts";
import type { OverlayMount } from "../types.ts";
import { attachMount, createMount, type FsOption } from "./mount-api.ts";

/** Linux 6.7 on: one setting for each layer, of any length, with no escapes and no limit of a page for all of them. */
export function mountOverlayByLayers(request: OverlayMount): void {
  const { target, lower, upper, work, options = [] } = request;
  const settings: FsOption[] = [
    ...lower.map((directory): FsOption => ["lowerdir+", directory]),
    ...(upper === undefined ? [] : [["upperdir", upper] as const]),
    ...(work === undefined ? [] : [["workdir", work] as const]),
    ...options.map(splitOption),
  ];
  attachMount(createMount("overlay", `overlay on ${target}`, settings), target);
}

/**
 * Every older kernel: mount(2) takes one page of options, so directories are named by short paths of descriptors.
 * 127 layers need some 2.5 KB; colons and commas in their real names need no escapes.
 */
export function mountOverlayByDescriptors(request: OverlayMount): void {
  const { target, lower, upper, work, options = [] } = request;
  const opened: number[] = [];
  const nameOf = (directory: string): string => {
    const fd = openat(AT.FDCWD, directory, O.PATH | O.DIRECTORY);
    opened.push(fd);
    return `/proc/self/fd/${fd}`;
  };
  try {
    const data = [
      `lowerdir=${lower.map(nameOf).join(":")}`,
      ...(upper === undefined ? [] : [`upperdir=${nameOf(upper)}`]),
      ...(work === undefined ? [] : [`workdir=${nameOf(work)}`]),
      ...options,
    ].join(",");
    const [type, to] = [memory().text("overlay"), memory().text(target)];
    syscall("mount", `overlay on ${target}`, type, to, type, 0, memory().text(data));
  } finally {
    opened.forEach(close);
  }
}

function splitOption(option: string): FsOption {
  const equals = option.indexOf("=");
  return equals < 0 ? [option] : [option.slice(0, equals), option.slice(equals + 1)];
}
