/** Takes out of an answer what is another one at every asking: ids, times, addresses, places. Pure. */

/** Members that differ by nature, by name; their kind stays. */
const BY_KEY = new Set([
  ...["Pid", "PID", "time", "timeNano", "Created", "SandboxID", "EndpointID", "NetworkID", "MacAddress"],
  ...["execID", "execDuration", "Size", "SizeRw", "SizeRootFs", "VirtualSize", "CreatedAt", "cgroup_parent"],
]);

const PATTERNS: readonly (readonly [pattern: RegExp, word: string])[] = [
  [/sha256:[0-9a-f]{64}/g, "<digest>"],
  [/[0-9a-f]{64}/g, "<id>"],
  [/\b[0-9a-f]{32}\b/g, "<id>"],
  [/\b[0-9a-f]{12}\b/g, "<short>"],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, "<time>"],
  [/\d+\.00, as there are only \d+ CPUs/g, "<cpus>, as there are only <cpus> CPUs"],
  [/available: 0(-\d+)?$/g, "available: <cpus>"],
  [/endpoints: bridge, answers$/, "endpoints: answers, bridge"], // a Go map has no order
  [/Up (Less than a second|About a minute|\d+ seconds?)/g, "Up <span>"],
  [/\) (Less than a second|About a minute|\d+ seconds?) ago/g, ") <span> ago"],
];

/** Directories are named by each engine as it likes. */
const PLACES = new Set(["LowerDir", "MergedDir", "UpperDir", "WorkDir", "SandboxKey"]);

/** What is counted: which figures there are, and not which they were. */
const MEASURED = new Set([
  "cpu_stats",
  "precpu_stats",
  "memory_stats",
  "pids_stats",
  "blkio_stats",
  "networks",
]);

const ZERO_TIME = "0001-01-01T00:00:00Z";

/** @param places paths and names of this run, by the word that stands for them */
export function normalise(value: unknown, places: Readonly<Record<string, string>>, key = ""): unknown {
  if (MEASURED.has(key)) return withoutFigures(value);
  if (key === "Processes") return normaliseProcesses(value as string[][]);
  if (key === "Mounts" && Array.isArray(value))
    return value.map((item) => normalise(item, places)).sort(byPlace);
  if (Array.isArray(value)) return value.map((item) => normalise(item, places));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        normaliseText(name, places),
        normalise(item, places, name),
      ]),
    );
  if (PLACES.has(key) && value !== "") return "<path>";
  if (BY_KEY.has(key) && value !== "" && value !== 0 && value !== null) return `<${typeof value}>`;
  return typeof value === "string" ? normaliseText(value, places) : value;
}

function normaliseText(text: string, places: Readonly<Record<string, string>>): string {
  if (text === ZERO_TIME) return text;
  let result = text;
  for (const [place, word] of Object.entries(places)) result = result.replaceAll(place, word);
  for (const [pattern, word] of PATTERNS) result = result.replace(pattern, word);
  return result;
}

/** Of each process its command, the last column; ids, times and loads are never the same twice. */
function normaliseProcesses(rows: readonly (readonly string[])[]): string[][] {
  return rows.map((row) => [...row.slice(0, -1).map(() => "<text>"), row.at(-1)!]);
}

/** dockerd lists mounts in no order. */
function byPlace(a: unknown, b: unknown): number {
  const place = (mount: unknown) => (mount as { readonly Destination?: string }).Destination ?? "";
  return place(a) < place(b) ? -1 : 1;
}

function withoutFigures(value: unknown): unknown {
  if (typeof value === "number") return "<number>";
  if (Array.isArray(value))
    return value.length === 0 || value[0] === null ? value : [withoutFigures(value[0])];
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted()
      .map(([name, item]) => [name, withoutFigures(item)]),
  );
}
