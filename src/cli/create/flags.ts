/** The flags of `create` and `run`. */
import { parseHugepageLimit } from "#spec/huge-pages.ts";
import {
  bool,
  bytes,
  cpus,
  duration,
  int,
  list,
  map,
  parsedList,
  string,
  uint,
  uint16,
} from "../flag-kinds.ts";
import type { FlagValues } from "../flags.ts";
import { checkDeviceRule, parseGpus } from "../parse/device.ts";
import { checkEnv, checkLabel } from "../parse/env.ts";
import {
  checkSysctl,
  parseByteRate,
  parseDeviceWeight,
  parseOperationRate,
  parseUlimit,
} from "../parse/limits.ts";
import { parseMount } from "../parse/mount.ts";
import {
  checkDnsSearch,
  checkDnsServer,
  checkLink,
  parseExtraHost,
  parseNetworkFlag,
} from "../parse/network.ts";

const DEVICE_LIST = { shownDefault: "[]" };

export const CONTAINER_FLAGS = {
  "add-host": list("Add a line to the container's hosts file (host:ip)", { each: parseExtraHost }),
  annotation: map("Add an annotation for the OCI runtime"),
  attach: list("Attach to stdin, stdout or stderr", { short: "a", each: checkStream }),
  "blkio-weight": uint16("Share of disk time, 10 to 1000, 0 for the default"),
  "blkio-weight-device": parsedList("Share of a device's time (path:weight)", {
    ...DEVICE_LIST,
    each: parseDeviceWeight,
  }),
  "cap-add": list("Add a Linux capability"),
  "cap-drop": list("Take a Linux capability away"),
  "cgroup-parent": string("Parent of the container's control group"),
  cgroupns: string("Control group namespace ('host' or 'private'; the engine decides otherwise)"),
  cidfile: string("Write the container's id to this file"),
  "cpu-count": int("Number of CPUs (Windows only)"),
  "cpu-percent": int("Share of the CPUs in percent (Windows only)"),
  "cpu-period": int("Length of a scheduling period in microseconds"),
  "cpu-quota": int("CPU time in each period in microseconds"),
  "cpu-rt-period": int("Length of a real-time period in microseconds"),
  "cpu-rt-runtime": int("Real-time CPU time in each period in microseconds"),
  "cpu-shares": int("Share of CPU time relative to other containers", { short: "c" }),
  cpus: cpus("Number of CPUs"),
  "cpuset-cpus": string("Run only on these CPUs (0-3, 0,1)"),
  "cpuset-mems": string("Take memory only from these nodes (0-3, 0,1)"),
  "depends-on": list("At the engine's start wait for NAME or NAME:healthy or NAME:completed"),
  device: list("Give the container a device of the host"),
  "device-cgroup-rule": list("Add a rule to the devices it may use", { each: checkDeviceRule }),
  "device-read-bps": parsedList("Limit reading from a device (path:bytes for each second)", {
    ...DEVICE_LIST,
    each: parseByteRate,
  }),
  "device-read-iops": parsedList("Limit reading from a device (path:operations for each second)", {
    ...DEVICE_LIST,
    each: parseOperationRate,
  }),
  "device-write-bps": parsedList("Limit writing to a device (path:bytes for each second)", {
    ...DEVICE_LIST,
    each: parseByteRate,
  }),
  "device-write-iops": parsedList("Limit writing to a device (path:operations for each second)", {
    ...DEVICE_LIST,
    each: parseOperationRate,
  }),
  "disable-content-trust": bool("Accepted for old scripts; nothing is verified by signature", {
    initial: true,
    hidden: true,
  }),
  dns: list("Ask this name server", { each: checkDnsServer }),
  "dns-opt": list("Set an option of name resolution", { hidden: true, aliasOf: "dns-option" }),
  "dns-option": list("Set an option of name resolution"),
  "dns-search": list("Complete names with this domain", { each: checkDnsSearch }),
  domainname: string("Domain name of the container"),
  entrypoint: string("Run this instead of the image's entry point"),
  env: list("Set an environment variable", { short: "e", each: checkEnv }),
  "env-file": list("Read environment variables from a file"),
  expose: list("Note a port or a range of ports as used"),
  gpus: parsedList("Give the container GPUs ('all' for all of them)", {
    type: "gpu-request",
    each: parseGpus,
  }),
  "group-add": list("Join another group"),
  "health-cmd": string("Command that tells whether the container is healthy"),
  "health-interval": duration("Time between two checks (ms|s|m|h)"),
  "health-probe": string("Let the engine connect instead (tcp://localhost:PORT, http://localhost:PORT/PATH)"),
  "health-retries": int("Failures in a row that make it unhealthy"),
  "health-start-interval": duration("Time between two checks while it starts (ms|s|m|h)"),
  "health-start-period": duration("Time it has to start before failures count (ms|s|m|h)"),
  "health-timeout": duration("Time one check may take (ms|s|m|h)"),
  hostname: string("Host name of the container", { short: "h" }),
  init: bool("Run a small init in the container that forwards signals and reaps processes"),
  interactive: bool("Keep stdin open even when nothing is attached to it", { short: "i" }),
  "io-maxbandwidth": bytes("Limit the system drive in bytes for each second (Windows only)"),
  "io-maxiops": uint("Limit the system drive in operations for each second (Windows only)"),
  ip: string("IPv4 address (such as 172.30.100.104)"),
  ip6: string("IPv6 address (such as 2001:db8::33)"),
  ipc: string("IPC namespace to use"),
  isolation: string("Isolation technology (Windows only)"),
  "kernel-memory": bytes("Limit of kernel memory", { hidden: true }),
  label: list("Set a label on the container", { short: "l", each: checkLabel }),
  "label-file": list("Read labels from a file, one on each line"),
  link: list("Name another container inside this one", { each: checkLink }),
  "link-local-ip": list("Link-local addresses of the container"),
  "log-driver": string("Where the container's output is kept"),
  "log-opt": list("Set an option of the log driver"),
  "mac-address": string("MAC address (such as 92:d0:c6:0a:29:33)"),
  memory: bytes("Limit of memory", { short: "m" }),
  "memory-reservation": bytes("Memory it should get by with when memory is short"),
  "memory-swap": bytes("Limit of memory and swap together, -1 for no limit of swap", {
    allowUnlimited: true,
  }),
  "hugetlb-limit": parsedList("Limit huge pages of a size (size=bytes, as in 2MB=64m)", {
    type: "limit",
    each: parseHugepageLimit,
  }),
  "memory-swappiness": int("How readily its memory is swapped (0 to 100)", { initial: -1 }),
  mount: parsedList("Mount something into the container", { type: "mount", each: parseMount }),
  name: string("Name of the container"),
  net: parsedList("Connect to a network", {
    type: "network",
    hidden: true,
    aliasOf: "network",
    each: parseNetworkFlag,
  }),
  "net-alias": list("Add a name on the network", { hidden: true, aliasOf: "network-alias" }),
  network: parsedList("Connect to a network", { type: "network", each: parseNetworkFlag }),
  "network-alias": list("Add a name on the network"),
  "no-healthcheck": bool("Do not check its health, whatever the image says"),
  "on-unhealthy": string("What to do when its health check fails ('none', 'restart' or 'stop')"),
  "oom-kill-disable": bool("Do not kill it when memory runs out"),
  "oom-score-adj": int("How readily it is killed when memory runs out (-1000 to 1000)"),
  pid: string("PID namespace to use"),
  "pids-limit": int("Limit of processes and threads (-1 for none)"),
  platform: string("Use this platform of an image for several (os[/arch[/variant]])"),
  privileged: bool("Give it almost everything root on the host can do"),
  publish: list("Publish a port on the host", { short: "p" }),
  "publish-all": bool("Publish all ports noted as used on free ports", { short: "P" }),
  pull: string('When to fetch the image ("always", "missing", "never")', { initial: "missing" }),
  quiet: bool("Show no progress of fetching the image", { short: "q" }),
  "read-only": bool("Mount its root file system read-only"),
  restart: string("When to start it again after it ends", { initial: "no" }),
  rm: bool("Remove the container and its unnamed volumes when it ends"),
  runtime: string("OCI runtime to use"),
  "security-opt": list("Set a security option"),
  "shm-size": bytes("Size of /dev/shm"),
  "stop-signal": string("Signal that stops it"),
  "stop-timeout": int("Seconds to wait before it is killed when it should stop"),
  "storage-opt": list("Set an option of the storage driver"),
  sysctl: map("Set a kernel parameter of its namespaces", { check: checkSysctl }),
  tmpfs: list("Mount a tmpfs on a directory"),
  tty: bool("Give it a terminal", { short: "t" }),
  ulimit: parsedList("Set a limit of its processes", {
    type: "ulimit",
    shownDefault: "[]",
    each: parseUlimit,
  }),
  "use-api-socket": bool("Mount the engine's API socket into the container"),
  user: string("User to run as (<name|uid>[:<group|gid>])", { short: "u" }),
  userns: string("User namespace to use"),
  uts: string("UTS namespace to use"),
  volume: list("Mount a volume or a directory of the host", { short: "v" }),
  "volume-driver": string("Driver of its volumes"),
  "volumes-from": list("Mount what these containers have mounted"),
  workdir: string("Directory to start in", { short: "w" }),
};

export type ContainerFlags = FlagValues<typeof CONTAINER_FLAGS>;

/** Which flags were on the command line. */
export interface GivenFlags {
  has(flag: keyof ContainerFlags): boolean;
}

const STREAMS = ["stdin", "stdout", "stderr"];

function checkStream(text: string): string {
  const stream = text.toLowerCase();
  if (!STREAMS.includes(stream)) throw new Error("valid streams are STDIN, STDOUT and STDERR");
  return stream;
}
