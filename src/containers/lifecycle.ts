import { Conflict, type EngineError, Internal, NotModified } from "#base/errors.ts";
import type { ContainerStatus } from "#spec/docker/containers.ts";

/** What may happen to a container. `exit` and `backOff` are facts; the others are asked for. */
export type LifecycleEvent =
  | "start"
  | "stop"
  | "kill"
  | "pause"
  | "unpause"
  | "exit"
  | "backOff"
  | "remove"
  | "forceRemove"
  | "exec"
  | "attach"
  | "resize"
  | "top"
  | "update"
  | "logs";

export interface LifecycleSubject {
  readonly id: string;
  readonly name: string;
  readonly status: ContainerStatus;
}

type Refusal = (subject: LifecycleSubject) => EngineError;
type Row = Readonly<Record<ContainerStatus, ContainerStatus | Refusal>>;

const isNotRunning: Refusal = ({ id }) => new Conflict(`container ${id} is not running`);
const isPaused: Refusal = ({ id }) => new Conflict(`container ${id} is already paused`);
const isNotPaused: Refusal = ({ id }) => new Internal(`Container ${id} is not paused`);
const isRunningAlready: Refusal = () => new NotModified("container is already running");
const isStoppedAlready: Refusal = () => new NotModified("container is already stopped");
const isPausedAtStart: Refusal = () => new Conflict("cannot start a paused container, try unpause instead");
const isMarked: Refusal = () => new Conflict("container is marked for removal and cannot be started");
const isBeingRemoved: Refusal = ({ name }) =>
  new Conflict(`removal of container ${name} is already in progress`);
const isRestarting: Refusal = ({ id }) =>
  new Conflict(`Container ${id} is restarting, wait until the container is running`);
const cannotKill: Refusal = ({ id, name }) =>
  new Conflict(`cannot kill container: ${name}: container ${id} is not running`);
const isPausedAtExec: Refusal = ({ id }) =>
  new Conflict(`Container ${id} is paused, unpause the container before exec`);
const isPausedAtAttach: Refusal = ({ name }) =>
  new Conflict(`container ${name} is paused, unpause the container before attach`);
const isRestartingAtAttach: Refusal = ({ name }) =>
  new Conflict(`container ${name} is restarting, wait until the container is running`);
const isUnremovablePaused: Refusal = ({ name }) =>
  new Conflict(`cannot remove container "/${name}": container is paused and must be unpaused first`);
const isUnremovable: Refusal = ({ name, status }) =>
  new Conflict(
    `cannot remove container "/${name}": container is ${status}: stop the container before removing or force remove`,
  );
const isMarkedAtUpdate: Refusal = ({ id }) =>
  new Conflict(`Cannot update container ${id}: Container is marked for removal and cannot be "update".`);
const hasNoLogs: Refusal = () =>
  new Conflict("can not get logs from container which is dead or marked for removal");

/** A row that leaves the status as it is, except where named. */
function unchanged(exceptions: Partial<Row>): Row {
  const same: Row = {
    created: "created",
    running: "running",
    paused: "paused",
    restarting: "restarting",
    removing: "removing",
    exited: "exited",
    dead: "dead",
  };
  return { ...same, ...exceptions };
}

/** Everything refused, except where named. */
function refused(refusal: Refusal, exceptions: Partial<Row>): Row {
  const all: Row = {
    created: refusal,
    running: refusal,
    paused: refusal,
    restarting: refusal,
    removing: refusal,
    exited: refusal,
    dead: refusal,
  };
  return { ...all, ...exceptions };
}

/** The whole life: event and status to the next status, or to Docker's words for why not. */
const TABLE = {
  start: {
    created: "running",
    running: isRunningAlready,
    paused: isPausedAtStart,
    restarting: isRunningAlready,
    removing: isMarked,
    exited: "running",
    dead: isMarked,
  },
  stop: refused(isStoppedAlready, { running: "exited", paused: "exited", restarting: "exited" }),
  kill: refused(cannotKill, { running: "running", paused: "running", restarting: "exited" }),
  pause: refused(isNotRunning, { running: "paused", paused: isPaused, restarting: isRestarting }),
  unpause: refused(isNotPaused, { paused: "running" }),
  exit: unchanged({ running: "exited", paused: "exited", restarting: "exited" }),
  backOff: refused(isNotRunning, { exited: "restarting", restarting: "restarting" }),
  remove: refused(isUnremovable, {
    created: "removing",
    exited: "removing",
    dead: "removing",
    paused: isUnremovablePaused,
    removing: isBeingRemoved,
  }),
  forceRemove: {
    created: "removing",
    running: "removing",
    paused: "removing",
    restarting: "removing",
    removing: isBeingRemoved,
    exited: "removing",
    dead: "removing",
  },
  exec: refused(isNotRunning, { running: "running", paused: isPausedAtExec, restarting: isRestarting }),
  attach: unchanged({ paused: isPausedAtAttach, restarting: isRestartingAtAttach }),
  resize: refused(isNotRunning, { running: "running", paused: "paused" }),
  top: refused(isNotRunning, { running: "running", paused: "paused", restarting: isRestarting }),
  update: unchanged({ removing: isMarkedAtUpdate, dead: isMarkedAtUpdate }),
  logs: unchanged({ removing: hasNoLogs, dead: hasNoLogs }),
} as const satisfies Record<LifecycleEvent, Row>;

/**
 * Where the event leads from here.
 * @throws Conflict, NotModified or Internal with the text Docker's clients match on
 */
export function nextStatus(subject: LifecycleSubject, event: LifecycleEvent): ContainerStatus {
  const outcome: ContainerStatus | Refusal = TABLE[event][subject.status];
  if (typeof outcome === "function") throw outcome(subject);
  return outcome;
}

/** Whether a process stands behind this status, or soon will again. */
export function isUp(status: ContainerStatus): boolean {
  return status === "running" || status === "paused" || status === "restarting";
}
