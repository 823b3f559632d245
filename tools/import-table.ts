/**
 * Which folder of src/ may import which: a directed graph without cycles, read top to bottom. ARCHITECTURE.md shows the
 * same table with its reasons; `tools/check-imports.ts` compares both with the code.
 */
export const IMPORT_TABLE = {
  base: [],
  spec: ["base"],
  kernel: ["base"],
  state: ["base"],
  events: ["base", "spec", "state"],
  plugins: ["base", "spec"],
  runtime: ["base", "spec", "kernel"],
  storage: ["base", "spec", "kernel", "state"],
  client: ["base", "spec"],
  registry: ["base", "spec"],
  network: ["base", "spec", "kernel", "state", "events"],
  volumes: ["base", "spec", "kernel", "state", "events", "plugins"],
  images: ["base", "spec", "state", "events", "storage", "registry"],
  managed: [
    "base",
    "spec",
    "kernel",
    "state",
    "events",
    "plugins",
    "runtime",
    "storage",
    "registry",
    "images",
  ],
  compose: ["base", "spec", "client"],
  cli: ["base", "spec", "client", "registry", "compose"],
  containers: ["base", "spec", "state", "events", "storage", "runtime", "network", "volumes", "images"],
  api: ["base", "spec", "events", "plugins", "network", "volumes", "images", "managed", "containers"],
  daemon: [
    "base",
    "spec",
    "kernel",
    "state",
    "events",
    "plugins",
    "runtime",
    "storage",
    "network",
    "volumes",
    "registry",
    "images",
    "managed",
    "containers",
    "api",
  ],
} as const satisfies Record<string, readonly string[]>;

export type Folder = keyof typeof IMPORT_TABLE;
