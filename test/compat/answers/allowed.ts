/**
 * Where wharf answers other than Docker 20.10, each with its reason. A rule that nothing needs any more fails the test,
 * as does a difference without a rule.
 */
import type { Difference } from "./types.ts";

export interface Rule {
  readonly why: string;
  /** Questions it is about; absent: all. */
  readonly of?: RegExp;
  readonly path?: RegExp;
  /** What each side says, as JSON; absent: anything. */
  readonly docker?: string | RegExp;
  readonly wharf?: string | RegExp;
}

const says = (docker: string, wharf: string, why = "later versions' words"): Rule => ({
  why,
  path: /(^|\.)(message|Warnings\.0)$/,
  docker: JSON.stringify(docker),
  wharf: JSON.stringify(wharf),
});

const NEWER_FIELDS: readonly Rule[] = [
  { why: "a field since 1.48", path: /\.GwPriority$/, docker: "-", wharf: "0" },
  { why: "a field since 1.44", path: /\.DNSNames$/, docker: "-", wharf: "null" },
  { why: "a field of all versions since 1.52", path: /\.os_type$/, docker: "-" },
  { why: "an attribute since 1.43", path: /\.execDuration$/, docker: "-" },
  {
    why: '"default" is the network bridge since 1.44',
    path: /\.NetworkMode$/,
    docker: '"default"',
    wharf: '"bridge"',
  },
  {
    why: "the same: asking for bridge is asking for the default",
    of: /^create: NetworkMode bridge$/,
    path: /^inspect$/,
  },
  {
    why: "an unset policy is shown as no since 25.0",
    path: /\.RestartPolicy\.Name$/,
    docker: '""',
    wharf: '"no"',
  },
  { why: "two more paths are masked since 20.10, in order", path: /\.MaskedPaths\.\d+$/ },
  {
    why: "an address belongs to the endpoint since 1.44",
    of: /^create: MacAddress/,
    path: /^inspect\.NetworkSettings$/,
  },
  { why: "answered below 1.52 from the endpoint", path: /\.Config\.MacAddress$/, docker: "-" },
  {
    why: "the short id is an alias below 1.45 from the beginning",
    path: /\.Aliases(\.1)?$/,
    wharf: /<short>/,
  },
  { why: "ignored below 1.42", of: /^create: ConsoleSize$/, path: /^inspect$/ },
  {
    why: "options of another type of mount are dropped below 1.42",
    of: /^create: Mounts (bind|volume), \w+Options$/,
  },
  { why: "said to clients below 1.44", path: /\.BindOptions$/, wharf: '{"ReadOnlyNonRecursive":true}' },
  {
    why: "no bindings: any port, since 1.22 of later versions",
    path: /PortBindings\.80\/tcp\.0$/,
    docker: "-",
  },
  {
    why: "left out where there is none, since 23.0",
    of: /\/wait$/,
    path: /^body\.Error$/,
    docker: "null",
    wharf: "-",
  },
  {
    why: "names have their tag since 25.0",
    of: /events/,
    path: /\.(name|imageRef)$/,
    wharf: /answers-made:latest/,
  },
];

const OWN_CHOICES: readonly Rule[] = [
  { why: "logs rotate by default", path: /\.LogConfig\.Config(\.max-(size|file))?$/, docker: "-" },
  { why: "crun is the default runtime", path: /\.Runtime$/, docker: '"runc"', wharf: '"crun"' },
  { why: "so that asking for runc is a change", of: /^create: Runtime$/, path: /^inspect$/, docker: "-" },
  { why: "images made here name no version of Docker", path: /\.DockerVersion$/, wharf: '""' },
  { why: "a sandbox that is gone has no name", path: /\.Sandbox(ID|Key)$/, wharf: '""' },
  { why: "what is deleted is told with its labels", of: /events/, path: /\.Attributes\.color$/, docker: "-" },
  { why: "what Linux does not have is not kept as if it had", of: /^create: CpuCount$/ },
  {
    why: "events outlive the daemon",
    of: /^events: told after a restart$/,
    docker: '""',
    wharf: /^"archive-path,attach,.*extract-to-dir,health_status: healthy,.*,oom,start"$/,
  },
  {
    why: "this Docker does not hear of it from newer kernels",
    of: /^events: told$/,
    path: /^container\.oom$/,
    docker: "-",
    wharf: /name":"oom/,
  },
  { why: "an unfit filter is refused, not ignored", of: /^GET \/events\?until=1&filters/ },
  { why: "errors are JSON on streams too", of: /\/attach\?/, path: /^body$/, docker: /\\r\\n"$/ },
  {
    why: "this Docker cannot read the newer kernels' groups",
    of: /\/stats\?/,
    path: /^body\.(read|preread|pids_stats|cpu_stats|precpu_stats|memory_stats|networks|blkio_stats)/,
  },
];

/** Docker takes them and fails at the start, or never looks at them. */
const REFUSED_AT_CREATE: readonly Rule[] = [
  ...[
    "Volumes, relative",
    "Volumes, root",
    "ExposedPorts, bad",
    "ExposedPorts, too high",
    "CpuShares, negative",
  ],
  ...[
    "DeviceCgroupRules, bad",
    "IpcMode, bad",
    "PidMode, bad",
    "UTSMode, bad",
    "UsernsMode, bad",
    "Dns, bad",
  ],
  ...["Sysctls, net in the host's network", "Sysctls, not of a namespace", "Tmpfs, bad option"],
  ...["PortBindings, bad protocol", "BlkioWeight, bad"],
].map((name) => ({ why: "refused before it is made", of: new RegExp(`^create: ${name}$`) }));

const WORDS: readonly Rule[] = [
  says("Invalid signal: NOSUCH", "invalid signal: NOSUCH"),
  says("Cannot kill container: busy: The linux daemon does not support signal 999", "invalid signal: 999"),
  says(
    "Specifying a kernel memory limit is deprecated and will be removed in a future release.",
    "Specifying a kernel memory limit is deprecated and will be removed in a future release. Kernel memory is part of the memory limit; the kernel memory limit is discarded.",
    "what becomes of it is said as well",
  ),
  says(
    "Specifying a kernel memory limit is deprecated and will be removed in a future release.",
    "Specifying a kernel memory limit is deprecated: it is part of the memory limit, and is discarded.",
    "what becomes of it is said as well",
  ),
  says(
    "Range of CPUs is from 0.01 to <cpus>, as there are only <cpus> CPUs available",
    "range of CPUs is from 0.01 to <cpus>, as there are only <cpus> CPUs available",
  ),
  says("Unknown runtime specified nosuch", "unknown or invalid runtime name: nosuch"),
  says(
    "maximum retry count cannot be used with restart policy 'always'",
    "invalid restart policy: maximum retry count can only be used with 'on-failure'",
  ),
  says(
    "maximum retry count cannot be negative",
    "invalid restart policy: maximum retry count cannot be negative",
  ),
  says(
    "invalid restart policy 'nosuch'",
    "invalid restart policy: unknown policy 'nosuch'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'",
  ),
  says(
    "Invalid network mode: invalid container format container:<name|id>",
    "invalid container format container:<name|id>",
  ),
  says(
    'could not get container for : invalid name or ID supplied: ""',
    "could not get container for : No such container: ",
    "the same of every link",
  ),
  says("invalid IPv4 address: x", "invalid endpoint settings:\ninvalid IPv4 address: x"),
  says(
    "Cannot kill container: nosuch: No such container: nosuch",
    "cannot kill container: nosuch: No such container: nosuch",
  ),
  says("Container <id> is not running", "container <id> is not running"),
  says(
    "Cannot kill container: idle: Container <id> is not running",
    "cannot kill container: idle: container <id> is not running",
  ),
  says(
    "You cannot remove a running container <id>. Stop the container before attempting removal or force remove",
    'cannot remove container "/busy": container is running: stop the container before removing or force remove',
  ),
  says(
    "You cannot remove a paused container <id>. Unpause and then stop the container before attempting removal or force remove",
    'cannot remove container "/held": container is paused and must be unpaused first',
  ),
  says("Container <id> is already paused", "container <id> is already paused"),
  says(
    "Container held is paused, unpause the container before exec",
    "Container <id> is paused, unpause the container before exec",
  ),
  says("Invalid filter 'nosuch'", "invalid filter 'nosuch'"),
  says("Invalid filter 'status=nosuch'", "invalid filter 'status=nosuch'"),
  says("Unrecognised filter value for health: nosuch", "invalid filter 'health=nosuch'"),
  says("Invalid filter 'is-task=[x]'", "invalid filter 'is-task=[x]'"),
  says("no such container nosuch", "No such container: nosuch"),
  says(
    "Bad parameters: you must choose at least one stream",
    "must specify at least one of 'stdout' or 'stderr'",
  ),
  says("Couldn't find PID field in ps output", "couldn't find PID field in ps output"),
  says(
    "Invalid escape keys (nosuch-x) provided",
    "Invalid detach keys (nosuch-x) provided: Unknown character: 'nosuch-x'",
    "the same of exec and attach, and which key it is",
  ),
  says("bad parameter: pathcannot be empty", "bad parameter: 'path' cannot be empty"),
  says(
    "invalid reference format: repository name must be lowercase",
    "invalid reference format: repository name (library/A B) must be lowercase",
  ),
  says(
    "invalid reference format: repository name must be lowercase",
    "invalid reference format",
    "a blank is no matter of case",
  ),
  says(
    "Config cannot be empty in order to create a container",
    "config cannot be empty in order to create a container",
  ),
  says("No command specified", "no command specified"),
  ...["nosuch/x", "linux/arm64"].map((platform) =>
    says(
      `image with reference busybox was found but does not match the specified platform: wanted ${platform}, actual: linux/amd64`,
      `image with reference busybox was found but does not provide the specified platform (${platform})`,
    ),
  ),
  says("Error: Exec command <id> has already run", "exec command <id> has already run"),
];

/** Where Docker shows the words of Go's library. */
const PARSERS: readonly Rule[] = [
  { why: "which parameter it is", path: /message$/, docker: /^"(error while .*)?strconv\./ },
  {
    why: "which filter it is",
    path: /message$/,
    docker: /^"invalid character 'x' looking for/,
    wharf: /^"invalid filters: /,
  },
  {
    why: "which field it is",
    path: /message$/,
    docker: /^"json: cannot unmarshal/,
    wharf: /^"invalid JSON: /,
  },
  {
    why: "refused before the kernel does",
    of: /update \{"MemorySwap"/,
    path: /message$/,
    wharf: /^"You should always set the Memory limit/,
  },
  {
    why: "what a client did wrong is no fault of the server's",
    path: /status$/,
    docker: "500",
    wharf: "400",
  },
  { why: "what is not there is no fault of the server's", path: /status$/, docker: "500", wharf: "404" },
];

export const ALLOWED: readonly Rule[] = [
  ...NEWER_FIELDS,
  ...OWN_CHOICES,
  ...REFUSED_AT_CREATE,
  ...WORDS,
  ...PARSERS,
];

/** @returns differences no rule allows, and rules no difference needs */
export function judge(
  differences: readonly Difference[],
  rules: readonly Rule[] = ALLOWED,
): { readonly unexplained: Difference[]; readonly unneeded: Rule[] } {
  const needed = new Set<Rule>();
  const unexplained = differences.filter((difference) => {
    const found = rules.filter((rule) => covers(rule, difference));
    for (const rule of found) needed.add(rule);
    return found.length === 0;
  });
  return { unexplained, unneeded: rules.filter((rule) => !needed.has(rule)) };
}

function covers(rule: Rule, { question, path, docker, wharf }: Difference): boolean {
  return (
    matches(rule.of, question) &&
    matches(rule.path, path) &&
    matches(rule.docker, docker ?? "-") &&
    matches(rule.wharf, wharf ?? "-")
  );
}

function matches(pattern: string | RegExp | undefined, text: string): boolean {
  return typeof pattern === "string" ? pattern === text : (pattern?.test(text) ?? true);
}
