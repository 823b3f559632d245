import { expect, test } from "bun:test";
import { planRelabelling } from "./relabel.ts";

const LABEL = "system_u:object_r:container_file_t:s0:c1,c2";
const SHARED = "system_u:object_r:container_file_t:s0";
const sources = new Map([
  ["/x", "/home/me/x"],
  ["/usr2", "/usr"],
]);
const plan = (mode: string, destination = "/x", type: "bind" | "volume" | "tmpfs" = "bind") =>
  planRelabelling([{ destination, mode, type }], sources, LABEL);

test("planRelabelling() gives the container's label for Z and the shared one for z", () => {
  expect(plan("ro,Z")).toEqual([{ path: "/home/me/x", label: LABEL }]);
  expect(plan("z")).toEqual([{ path: "/home/me/x", label: SHARED }]);
  expect(plan("z", "/x", "volume")).toEqual([{ path: "/home/me/x", label: SHARED }]);
});

test("planRelabelling() leaves alone what has neither, and what has no files", () => {
  expect([...plan("ro"), ...plan(""), ...plan("z", "/elsewhere"), ...plan("z", "/x", "tmpfs")]).toEqual([]);
});

test("planRelabelling() refuses the system's own places", () => {
  expect(() => plan("Z", "/usr2")).toThrow("SELinux relabeling of /usr is not allowed");
});
