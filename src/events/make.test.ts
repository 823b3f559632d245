import { describe, expect, test } from "bun:test";
import { containerEvent, toMessage } from "./make.ts";

describe("containerEvent()", () => {
  test("gives labels, then what the action adds, then image and name", () => {
    const subject = { id: "abc", name: "web", imageName: "nginx", labels: { tier: "front", name: "lie" } };
    expect(containerEvent(subject, "die", { exitCode: "3" })).toEqual({
      type: "container",
      action: "die",
      id: "abc",
      attributes: { tier: "front", exitCode: "3", image: "nginx", name: "web" },
    });
  });

  test("leaves out an image that has no name", () => {
    const event = containerEvent({ id: "abc", name: "web", imageName: "", labels: null }, "start");
    expect(event.attributes).toEqual({ name: "web" });
  });
});

describe("toMessage()", () => {
  test("gives seconds and nanoseconds", () => {
    expect(toMessage({ type: "network", action: "create", id: "n" }, 1_795_219_200_123_000_000)).toEqual({
      Type: "network",
      Action: "create",
      Actor: { ID: "n", Attributes: {} },
      scope: "local",
      time: 1_795_219_200,
      timeNano: 1_795_219_200_123_000_000,
    });
  });
});
