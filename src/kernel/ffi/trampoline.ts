/**
 * Machine code of `long syscall(long number, long a, … long f)` without libc's errno: it moves the C calling
 * convention's registers to the kernel's, enters the kernel, and returns what the kernel returned.
 */
export const TRAMPOLINES: Readonly<Record<string, Uint8Array>> = {
  x64: Uint8Array.of(
    ...[0x48, 0x89, 0xf8], // mov rax, rdi
    ...[0x48, 0x89, 0xf7], // mov rdi, rsi
    ...[0x48, 0x89, 0xd6], // mov rsi, rdx
    ...[0x48, 0x89, 0xca], // mov rdx, rcx
    ...[0x4d, 0x89, 0xc2], // mov r10, r8
    ...[0x4d, 0x89, 0xc8], // mov r8, r9
    ...[0x4c, 0x8b, 0x4c, 0x24, 0x08], // mov r9, [rsp + 8]
    ...[0x0f, 0x05], // syscall
    0xc3, // ret
  ),
  arm64: new Uint8Array(
    Uint32Array.of(
      0xaa0003e8, // mov x8, x0
      0xaa0103e0, // mov x0, x1
      0xaa0203e1, // mov x1, x2
      0xaa0303e2, // mov x2, x3
      0xaa0403e3, // mov x3, x4
      0xaa0503e4, // mov x4, x5
      0xaa0603e5, // mov x5, x6
      0xd4000001, // svc #0
      0xd65f03c0, // ret
    ).buffer,
  ),
};
