import { expect, test } from "bun:test";
import { parseMount } from "./mount.ts";

test("parseMount() reads the options of every type", () => {
  expect(parseMount("type=bind,src=./a,dst=/b,ro,bind-propagation=rslave,bind-recursive=disabled")).toEqual({
    Type: "bind",
    Source: "./a",
    Target: "/b",
    ReadOnly: true,
    BindOptions: { Propagation: "rslave", NonRecursive: true },
  });
  expect(
    parseMount(
      "source=v,target=/d,volume-nocopy,volume-label=a=b,volume-driver=x,volume-opt=k=v,volume-subpath=s",
    ),
  ).toEqual({
    Type: "volume",
    Source: "v",
    Target: "/d",
    VolumeOptions: {
      NoCopy: true,
      Labels: { a: "b" },
      DriverConfig: { Name: "x", Options: { k: "v" } },
      Subpath: "s",
    },
  });
  expect(parseMount("type=tmpfs,destination=/t,tmpfs-size=10m,tmpfs-mode=1777").TmpfsOptions).toEqual({
    SizeBytes: 10 << 20,
    Mode: 0o1777,
  });
});

const failures: [text: string, message: string][] = [
  ["foo", "invalid field 'foo' must be a key=value pair"],
  ["type=bind", "target is required"],
  ["type=bind,target=/a,foo=bar", "unexpected key 'foo' in 'foo=bar'"],
  ["type=volume,target=/a,bind-propagation=shared", "cannot mix 'bind-*' options with mount type 'volume'"],
  ["type=tmpfs,target=/a,tmpfs-mode=9", "invalid value for tmpfs-mode: 9"],
  ["type=bind,target=/a,readonly=maybe", "invalid value for readonly: maybe"],
  ["type=bind,target=/a,bind-recursive=writable", "requires 'readonly'"],
];
for (const [text, message] of failures)
  test(`parseMount() refuses ${text}`, () => expect(() => parseMount(text)).toThrow(message));
