import { expect, test } from "bun:test";
import { hermetic } from "./_testing/hermetic.ts";
import { createSysctls } from "./sysctl.ts";

hermetic(import.meta.path, () => {
  const sysctl = createSysctls();

  test("Sysctls.get() knows absence and gives several numbers with blanks", () => {
    expect(sysctl.get("net/ipv4/no_such_thing")).toBeUndefined();
    expect(sysctl.get("net/ipv4/ip_local_port_range")).toMatch(/^\d+ \d+$/);
  });

  test("Sysctls.set() writes what differs and tells whether the value stands", () => {
    expect(sysctl.set("net/ipv4/ip_forward", "1")).toBe(true);
    expect(sysctl.get("net/ipv4/ip_forward")).toBe("1");
    expect(sysctl.set("net/ipv4/ip_forward", "1")).toBe(true);
    expect(sysctl.set("net/ipv4/no_such_thing", "1")).toBe(false);
    expect(sysctl.set("kernel/ostype", "Minix")).toBe(false);
    expect(() => sysctl.set("net/ipv4/ip_local_port_range", "nonsense")).toThrow("EINVAL");
    expect(() => sysctl.get("../../etc/passwd")).toThrow("not a sysctl");
  });
});
