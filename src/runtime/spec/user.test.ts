import { expect, test } from "bun:test";
import { InvalidArgument } from "#base/errors.ts";
import { resolveUser } from "./user.ts";

const ACCOUNTS = {
  passwd: [
    "root:x:0:0:root:/root:/bin/sh",
    "# comment",
    "web:x:1000:1001:Web:/home/web:/bin/sh",
    "1234:x:5:6::/numeric:/bin/sh",
    "broken:line",
    "huge:x:4294967296:0::/:/bin/sh",
  ].join("\n"),
  group: "root:x:0:\nadm:x:4:root,web\nweb:x:1001:\nextra:x:2000:web\nhuge:x:4294967296:\n",
};

test.each<{ spec: string; uid: number; gid: number; additionalGids: number[]; home: string }>([
  { spec: "", uid: 0, gid: 0, additionalGids: [0, 4], home: "/root" },
  { spec: "root", uid: 0, gid: 0, additionalGids: [0, 4], home: "/root" },
  { spec: "web", uid: 1000, gid: 1001, additionalGids: [1001, 4, 2000], home: "/home/web" },
  { spec: "1000", uid: 1000, gid: 1001, additionalGids: [1001, 4, 2000], home: "/home/web" },
  { spec: "1000:0", uid: 1000, gid: 0, additionalGids: [0], home: "/home/web" },
  { spec: "web:extra", uid: 1000, gid: 2000, additionalGids: [2000], home: "/home/web" },
  { spec: ":extra", uid: 0, gid: 2000, additionalGids: [2000], home: "/root" },
  { spec: "77", uid: 77, gid: 0, additionalGids: [0], home: "/" },
  { spec: "77:88", uid: 77, gid: 88, additionalGids: [88], home: "/" },
  { spec: "1234", uid: 5, gid: 6, additionalGids: [6], home: "/numeric" },
  { spec: "2147483647", uid: 2147483647, gid: 0, additionalGids: [0], home: "/" },
])('resolveUser("$spec") is $uid:$gid', ({ spec, uid, gid, additionalGids, home }) => {
  expect(resolveUser(spec, [], ACCOUNTS)).toEqual({ user: { uid, gid, additionalGids }, home });
});

test("resolveUser() adds groups by name and number, each once", () => {
  const { user } = resolveUser("web", ["extra", "3000", "4"], ACCOUNTS);
  expect(user.additionalGids).toEqual([1001, 4, 2000, 3000]);
});

test("resolveUser() needs no account files for numbers", () => {
  const none = { passwd: undefined, group: undefined };
  expect(resolveUser("5:6", [], none).user).toEqual({ uid: 5, gid: 6, additionalGids: [6] });
  expect(resolveUser("", [], none)).toEqual({ user: { uid: 0, gid: 0, additionalGids: [0] }, home: "/" });
});

const RANGE = "uids and gids must be in range 0-2147483647";

test.each([
  { spec: "nobody", message: "unable to find user nobody: no matching entries in passwd file" },
  { spec: "web:nogroup", message: "unable to find group nogroup: no matching entries in group file" },
  { spec: "4294967296", message: RANGE }, // CVE-2024-40635: must not wrap to root
  { spec: "2147483648", message: RANGE },
  { spec: "-1", message: RANGE },
  { spec: "0:4294967296", message: RANGE },
  { spec: "huge", message: RANGE },
  { spec: "web:huge", message: RANGE },
])('resolveUser("$spec") refuses: $message', ({ spec, message }) => {
  expect(() => resolveUser(spec, [], ACCOUNTS)).toThrow(new InvalidArgument(message));
});

test("resolveUser() refuses further groups that are not there", () => {
  expect(() => resolveUser("", ["nogroup"], ACCOUNTS)).toThrow("Unable to find group nogroup");
});
