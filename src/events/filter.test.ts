import { describe, expect, test } from "bun:test";
import { InvalidArgument } from "#base/errors.ts";
import { compileFilter } from "./filter.ts";
import { containerEvent, toMessage } from "./make.ts";

const subject = {
  id: "abc123",
  name: "web",
  imageName: "host:5000/nginx:1",
  labels: { tier: "front", x: "" },
};
const exec = toMessage(containerEvent(subject, "exec_create: ls -l"), 5e18);
const image = toMessage(
  { type: "image", action: "tag", id: "sha256:1", attributes: { name: "nginx:1" } },
  5e18,
);

describe("compileFilter()", () => {
  const table = [
    { filters: {}, exec: true, image: true },
    { filters: { type: ["image"] }, exec: false, image: true },
    { filters: { type: ["image", "container"] }, exec: true, image: true },
    { filters: { event: ["exec_create"] }, exec: true, image: false },
    { filters: { event: ["exec_create: ls -l", "tag"] }, exec: true, image: true },
    { filters: { event: ["exec"] }, exec: false, image: false },
    { filters: { container: ["abc"] }, exec: true, image: false },
    { filters: { container: ["web"] }, exec: true, image: false },
    { filters: { label: ["tier"] }, exec: true, image: false },
    { filters: { label: ["tier=front", "x="] }, exec: true, image: false },
    { filters: { label: ["tier=front", "y"] }, exec: false, image: false },
    { filters: { image: ["host:5000/nginx"] }, exec: true, image: false },
    { filters: { image: ["nginx"] }, exec: false, image: true },
    { filters: { scope: ["local"] }, exec: true, image: true },
    { filters: { scope: ["swarm"] }, exec: false, image: false },
    { filters: { type: [] }, exec: true, image: true },
  ];
  for (const row of table) {
    test(`with ${JSON.stringify(row.filters)} decides as docker does`, () => {
      const matches = compileFilter(row.filters as Record<string, string[]>);
      expect([matches(exec), matches(image)]).toEqual([row.exec, row.image]);
    });
  }

  test("refuses a key docker does not know", () => {
    expect(() => compileFilter({ colour: ["red"] })).toThrow(new InvalidArgument("invalid filter 'colour'"));
    expect(() => compileFilter({ toString: ["red"] })).toThrow(InvalidArgument);
  });
});
