import { statfs } from "#kernel/files/files.ts";

/**
 * File systems that are views of the kernel or of other processes: nobody means their files by "the container's files",
 * reading some of them acts, and others never end. @see include/uapi/linux/magic.h
 */
const KERNEL_TREES: ReadonlySet<number> = new Set([
  0x9fa0, // proc
  0x62656572, // sysfs
  0x27e0eb, // cgroup
  0x63677270, // cgroup2
  0x1cd1, // devpts
  0x19800202, // mqueue
  0x64626720, // debugfs
  0x74726163, // tracefs
  0x73636673, // securityfs
  0xcafe4a11, // bpf
  0x6165676c, // pstore
  0x62656570, // configfs
  0x42494e4d, // binfmt_misc
  0xde5e81e4, // efivarfs
  0xf97cff8c, // selinux
  0x6e736673, // nsfs
]);

export function isKernelTree(fd: number): boolean {
  return KERNEL_TREES.has(statfs(`/proc/self/fd/${fd}`).type >>> 0);
}
