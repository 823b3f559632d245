import type { Verb } from "../../compose/verb.ts";

/** A line of the table of verbs. Only the one that is called is loaded. */
export interface VerbEntry {
  readonly short: string;
  /** Found by name only. */
  readonly isHidden?: true;
  readonly load: () => Promise<{ readonly verb: AnyVerb }>;
}

// biome-ignore lint/suspicious/noExplicitAny: each verb types its own flags
export type AnyVerb = Verb<any>;

export const VERBS: Readonly<Record<string, VerbEntry>> = {
  convert: { short: "An old name of config", isHidden: true, load: () => import("./config.ts") },
  config: { short: "Print the project as it is understood", load: () => import("./config.ts") },
  attach: { short: "Connect this terminal to a service's container", load: () => import("./attach.ts") },
  commit: { short: "Make an image of what a service's container changed", load: () => import("./commit.ts") },
  cp: { short: "Copy files between a service's container and this machine", load: () => import("./cp.ts") },
  create: { short: "Create containers without starting them", load: () => import("./create.ts") },
  down: { short: "Stop and remove containers, and the project's networks", load: () => import("./down.ts") },
  events: { short: "Follow what happens to a project's containers", load: () => import("./events.ts") },
  exec: { short: "Run a command in a service's container", load: () => import("./exec.ts") },
  export: {
    short: "Write the root file system of a service's container as an archive",
    load: () => import("./export.ts"),
  },
  images: { short: "List the images of a project's containers", load: () => import("./images.ts") },
  kill: { short: "Send a signal to containers, SIGKILL by default", load: () => import("./kill.ts") },
  logs: { short: "Show what containers have written", load: () => import("./logs.ts") },
  ls: { short: "List projects", load: () => import("./ls.ts") },
  pause: { short: "Freeze the processes of services", load: () => import("./pause.ts") },
  port: { short: "Show where a service's port is published", load: () => import("./port.ts") },
  ps: { short: "List containers", load: () => import("./ps.ts") },
  pull: { short: "Fetch the images of services", load: () => import("./pull.ts") },
  publish: {
    short: "Put a project into a registry, to be used from there",
    load: () => import("./publish.ts"),
  },
  push: { short: "Send the images of services that are built", load: () => import("./push.ts") },
  restart: { short: "Stop services and start them again", load: () => import("./restart.ts") },
  rm: { short: "Remove stopped containers", load: () => import("./rm.ts") },
  run: { short: "Run a command in a new container of a service", load: () => import("./run.ts") },
  scale: { short: "Set how many containers services have", load: () => import("./scale.ts") },
  start: { short: "Start containers that have been created", load: () => import("./start.ts") },
  stats: { short: "Show what containers use, as it changes", load: () => import("./stats.ts") },
  stop: { short: "Stop containers", load: () => import("./stop.ts") },
  top: { short: "List the processes of services", load: () => import("./top.ts") },
  unpause: { short: "Let frozen services go on", load: () => import("./unpause.ts") },
  up: { short: "Create and start what a project says", load: () => import("./up.ts") },
  version: { short: "Show the version", load: () => import("./version.ts") },
  volumes: { short: "List a project's volumes", load: () => import("./volumes.ts") },
  wait: { short: "Wait until containers of services have ended", load: () => import("./wait.ts") },
};
