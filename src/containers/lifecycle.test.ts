import { describe, expect, test } from "bun:test";
import { rootCause } from "#base/errors.ts";
import type { ContainerStatus } from "#spec/docker/containers.ts";
import { isUp, type LifecycleEvent, nextStatus } from "./lifecycle.ts";

const web = (status: ContainerStatus) => ({ id: "4f3e", name: "web", status });

describe("nextStatus()", () => {
  const allowed: [LifecycleEvent, ContainerStatus, ContainerStatus][] = [
    ["start", "created", "running"],
    ["start", "exited", "running"],
    ["stop", "running", "exited"],
    ["stop", "restarting", "exited"],
    ["kill", "paused", "running"],
    ["pause", "running", "paused"],
    ["unpause", "paused", "running"],
    ["exit", "running", "exited"],
    ["exit", "removing", "removing"],
    ["backOff", "exited", "restarting"],
    ["remove", "exited", "removing"],
    ["forceRemove", "paused", "removing"],
    ["attach", "created", "created"],
    ["update", "exited", "exited"],
  ];
  for (const [event, from, to] of allowed)
    test(`leads from ${from} by ${event} to ${to}`, () => {
      expect(nextStatus(web(from), event)).toBe(to);
    });

  const refused: [LifecycleEvent, ContainerStatus, string, string][] = [
    ["start", "running", "notModified", "container is already running"],
    ["start", "paused", "conflict", "cannot start a paused container, try unpause instead"],
    ["start", "removing", "conflict", "container is marked for removal and cannot be started"],
    ["stop", "created", "notModified", "container is already stopped"],
    ["kill", "exited", "conflict", "cannot kill container: web: container 4f3e is not running"],
    ["pause", "paused", "conflict", "container 4f3e is already paused"],
    ["pause", "restarting", "conflict", "Container 4f3e is restarting, wait until the container is running"],
    ["unpause", "running", "internal", "Container 4f3e is not paused"],
    ["exec", "paused", "conflict", "Container 4f3e is paused, unpause the container before exec"],
    ["exec", "exited", "conflict", "container 4f3e is not running"],
    ["attach", "paused", "conflict", "container web is paused, unpause the container before attach"],
    ["resize", "exited", "conflict", "container 4f3e is not running"],
    [
      "remove",
      "paused",
      "conflict",
      'cannot remove container "/web": container is paused and must be unpaused first',
    ],
    ["remove", "removing", "conflict", "removal of container web is already in progress"],
    ["logs", "dead", "conflict", "can not get logs from container which is dead or marked for removal"],
    [
      "remove",
      "restarting",
      "conflict",
      'cannot remove container "/web": container is restarting: stop the container before removing or force remove',
    ],
  ];
  for (const [event, from, kind, message] of refused)
    test(`refuses ${event} of a container that is ${from}, in Docker's words`, () => {
      let error: unknown;
      try {
        nextStatus(web(from), event);
      } catch (thrown) {
        error = rootCause(thrown);
      }
      expect(error).toMatchObject({ kind, message });
    });
});

describe("isUp()", () => {
  test("counts running, paused and restarting", () => {
    const all: ContainerStatus[] = [
      "created",
      "running",
      "paused",
      "restarting",
      "removing",
      "exited",
      "dead",
    ];
    expect(all.filter(isUp)).toEqual(["running", "paused", "restarting"]);
  });
});
