/**
 * A virtual machine of an older kernel with control groups v2 on this host's files. QEMU emulates it (/dev/kvm is not
 * needed), virtiofsd lends it the host's root read-only. Call it in mount and process namespaces of its own: both helpers
 * and all mounts end with them, whatever happens to this process.
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/** Where the namespaces' own tmpfs is. */
const DIRECTORY = "/run/wharf-vm";
const VIRTIOFSD = "/usr/lib/qemu/virtiofsd";
const MEMORY_MEGABYTES = 3072;
const SOCKET_DEADLINE_MS = 10_000;

export interface VmRequest {
  /** Directory with `vmlinuz` and `initramfs`, see setup.sh. */
  readonly image: string;
  /** The project's directory; it may be a mount of its own on the host. */
  readonly project: string;
  /** Runs as root in place of an init. Words without spaces: they travel on the kernel's command line. */
  readonly command: readonly string[];
  readonly deadlineMs: number;
  readonly onLine: (line: string) => void;
}

/** @returns the command's exit code; undefined when the machine ended without one, or was ended at its deadline */
export async function runInVm(request: VmRequest): Promise<number | undefined> {
  const root = join(DIRECTORY, "root");
  const socket = join(DIRECTORY, "virtiofs.sock");
  mkdirSync(root, { recursive: true });
  bindReadOnly("/", root);
  bindReadOnly(request.project, join(root, request.project));

  const lender = Bun.spawn(lenderCommand(root, socket), { stdio: ["ignore", "ignore", "pipe"] });
  const complaints = new Response(lender.stderr).text();
  try {
    await untilExists(socket, lender);
    return await runMachine(request, socket);
  } catch (error) {
    lender.kill("SIGKILL");
    throw new Error(`the virtual machine did not start: ${await complaints}`, { cause: error });
  } finally {
    lender.kill("SIGKILL");
    await lender.exited;
  }
}

async function runMachine(request: VmRequest, socket: string): Promise<number | undefined> {
  const machine = Bun.spawn(machineCommand(request, socket), {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: request.deadlineMs,
    killSignal: "SIGKILL",
  });
  let exitCode: number | undefined;
  for await (const line of lines(machine.stdout)) {
    const end = /^exit code (\d+)\./.exec(line);
    if (end) exitCode = Number(end[1]);
    else if (exitCode === undefined) request.onLine(line); // after it the kernel says good-bye
  }
  await machine.exited;
  return exitCode;
}

/** The guest mounts it read-only as well, but a test that goes wrong is root there: the host does not rely on it. */
function bindReadOnly(source: string, target: string): void {
  for (const flags of [
    ["--bind", source],
    ["-o", "remount,bind,ro"],
  ]) {
    const { success, stderr } = Bun.spawnSync(["mount", ...flags, target]);
    if (!success) throw new Error(`mount ${flags.join(" ")} ${target}: ${stderr}`);
  }
}

function lenderCommand(root: string, socket: string): string[] {
  const options = [`source=${root}`, "cache=always", "sandbox=chroot", "no_posix_lock"];
  return [VIRTIOFSD, `--socket-path=${socket}`, ...options.flatMap((option) => ["-o", option])];
}

function machineCommand({ image, command }: VmRequest, socket: string): string[] {
  return [
    ...["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-machine", "q35", "-smp", "2"],
    ...["-cpu", "max"], // Bun needs newer instructions than QEMU's default has
    ...["-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio"],
    ...["-kernel", join(image, "vmlinuz"), "-initrd", join(image, "initramfs")],
    ...["-append", `console=ttyS0 loglevel=3 panic=-1 systemd.show_status=0 -- ${command.join(" ")}`],
    // virtiofsd reads and writes the machine's memory, so it must be shared.
    ...["-m", String(MEMORY_MEGABYTES), "-numa", "node,memdev=memory"],
    ...["-object", `memory-backend-memfd,id=memory,size=${MEMORY_MEGABYTES}M,share=on`],
    ...["-chardev", `socket,id=lender,path=${socket}`],
    ...["-device", "vhost-user-fs-pci,queue-size=1024,chardev=lender,tag=host"],
    // A disk that is always zero, for limits that need a device.
    ...["-blockdev", "null-co,node-name=zeros,size=16777216,read-zeroes=on"],
    ...["-device", "virtio-blk-pci,drive=zeros"],
  ];
}

async function untilExists(path: string, owner: Bun.Subprocess): Promise<void> {
  for (let waitedMs = 0; !existsSync(path); waitedMs += 10) {
    if (owner.exitCode !== null || waitedMs > SOCKET_DEADLINE_MS) throw new Error(`no ${path}`);
    await Bun.sleep(10);
  }
}

/** A terminal's lines end with CR and LF. */
async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split(/\r*\n/);
    rest = parts.pop()!;
    yield* parts;
  }
  if (rest !== "") yield rest;
}
