import { beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { hermetic } from "../_testing/hermetic.ts";
import { createNetworkNamespaces } from "../namespace/netns.ts";
import { NamespaceSwitch } from "../namespace/switch.ts";
import type { FirewallElement, FirewallField } from "../types.ts";
import { FirewallElementError } from "./batch.ts";
import { createFirewall } from "./firewall.ts";

const SCRIPT = `
table inet t
delete table inet t
table inet t {
  set by_port { type inet_service; }
  set by_protocol { type inet_proto; }
  set by_mark { type mark; }
  set by_ifname { type ifname; }
  set by_ipv4 { type ipv4_addr; }
  set by_ipv6 { type ipv6_addr; }
  set by_all { type ipv6_addr . inet_proto . inet_service . ifname . mark; }
  map any_addr      { type inet_proto . inet_service : ipv4_addr . inet_service; }
  map to6      { type ipv4_addr . inet_proto . inet_service : ipv6_addr . inet_service; }
  map marks    { type ipv4_addr : mark; }
}`;

const tcp: FirewallField = { kind: "protocol", value: "tcp" };
const port = (value: number): FirewallField => ({ kind: "port", value });
const ipv4 = (value: string): FirewallField => ({ kind: "ipv4", value });
const published = (number: number, target = "10.0.0.2"): FirewallElement => ({
  set: "any_addr",
  key: [tcp, port(number)],
  value: [ipv4(target), port(80)],
});

hermetic(import.meta.path, () => {
  const namespaces = new NamespaceSwitch();
  const firewall = createFirewall(namespaces);
  beforeEach(() => firewall.load(SCRIPT));

  const failure = (work: () => void): FirewallElementError => {
    try {
      work();
    } catch (error) {
      expect(error).toBeInstanceOf(FirewallElementError);
      return error as FirewallElementError;
    }
    throw new Error("it did not fail");
  };

  test("change() writes every kind of field as nft reads it, alone and concatenated", () => {
    const fields: Record<string, FirewallField> = {
      ipv6: { kind: "ipv6", value: "fd00::7" },
      protocol: { kind: "protocol", value: "udp" },
      port: port(8080),
      ifname: { kind: "ifname", value: "wharf0" },
      mark: { kind: "mark", value: 0x40000000 },
    }; // nft knows concatenations of five
    const alone = Object.entries(fields).map(
      ([set, field]): FirewallElement => ({ set: `by_${set}`, key: [field] }),
    );
    firewall.change("t", {
      add: [
        ...alone,
        { set: "by_ipv4", key: [ipv4("10.1.2.3")] },
        { set: "by_all", key: Object.values(fields) },
      ],
    });
    const text = firewall.list("t");
    for (const [set, shown] of [
      ["ipv4", "10.1.2.3"],
      ["ipv6", "fd00::7"],
      ["protocol", "udp"],
      ["port", "8080"],
      ["ifname", '"wharf0"'],
      ["mark", "0x40000000"],
      ["all", 'fd00::7 . udp . 8080 . "wharf0" . 0x40000000'],
    ]) {
      expect(text).toMatch(new RegExp(`set by_${set} {[^}]*elements = { ${shown} }`));
    }
  });

  test("change() writes maps with single and concatenated values", () => {
    firewall.change("t", {
      add: [
        published(8080),
        {
          set: "to6",
          key: [ipv4("1.2.3.4"), tcp, port(1)],
          value: [{ kind: "ipv6", value: "::1" }, port(2)],
        },
        { set: "marks", key: [ipv4("1.2.3.4")], value: [{ kind: "mark", value: 5 }] },
      ],
    });
    const text = firewall.list("t");
    expect(text).toContain("tcp . 8080 : 10.0.0.2 . 80");
    expect(text).toContain("1.2.3.4 . tcp . 1 : ::1 . 2");
    expect(text).toContain("1.2.3.4 : 0x00000005");
  });

  test("adding what is there names the element, and nothing of the transaction stands", () => {
    firewall.change("t", { add: [published(80)] });
    const taken = published(80, "10.0.0.9");
    const error = failure(() => firewall.change("t", { add: [published(79), taken, published(81)] }));
    expect(error.code).toBe("EEXIST");
    expect(error.element).toEqual(taken);
    expect(error.message).toBe(
      "nftables add to set any_addr of table t: tcp . 80 : 10.0.0.9 . 80: file exists (EEXIST)",
    );
    expect(firewall.list("t")).toMatch(/elements = { tcp \. 80 : 10\.0\.0\.2 \. 80 }/);
    expect(failure(() => firewall.change("t", { add: [published(80)] })).code).toBe("EEXIST");
  });

  test("removing what is not there names the element", () => {
    firewall.change("t", { add: [published(80)] });
    const error = failure(() => firewall.change("t", { remove: [published(80), published(81)] }));
    expect(error).toMatchObject({ code: "ENOENT", element: published(81) });
    expect(error.message).toContain("remove from set any_addr of table t: tcp . 81");
    expect(firewall.list("t")).toContain("tcp . 80");
  });

  test("change() removes before it adds, so an element can be replaced in one transaction", () => {
    firewall.change("t", { add: [published(80)] });
    firewall.change("t", { remove: [published(80)], add: [published(80, "10.0.0.9")] });
    expect(firewall.list("t")).toContain("tcp . 80 : 10.0.0.9 . 80");
  });

  test("a missing set or table is told as such", () => {
    const missing = { set: "missing", key: [tcp] };
    expect(failure(() => firewall.change("t", { add: [missing, missing] }))).toMatchObject({
      code: "ENOENT",
      element: undefined,
      message: "nftables add to set missing of table t: no such file or directory (ENOENT)",
    });
    expect(failure(() => firewall.change("gone", { remove: [published(1)] })).message).toContain(
      "table gone",
    );
  });

  test("ten thousand elements go in and out at once, and one wrong among them is found", () => {
    const publishedFrom = (first: number) =>
      Array.from({ length: 10_000 }, (_, index) => published(first + index));
    const many = publishedFrom(1);
    firewall.change("t", { add: many });
    expect(firewall.list("t")?.match(/tcp \. \d+ : /g)).toHaveLength(10_000);
    const others = publishedFrom(20_000).toSpliced(7_000, 0, published(7777));
    expect(failure(() => firewall.change("t", { add: others })).element).toEqual(published(7777));
    firewall.change("t", { remove: many });
    expect(firewall.list("t")).not.toContain("tcp . ");
  });

  test("after a refused transaction the next one gets its own answers", () => {
    failure(() =>
      firewall.change("gone", { add: Array.from({ length: 5000 }, (_, index) => published(index)) }),
    );
    firewall.change("t", { add: [published(80)] });
    expect(failure(() => firewall.change("t", { add: [published(80)] })).code).toBe("EEXIST");
  });

  test("an empty change is nothing", () => {
    firewall.change("t", {});
  });

  describe("tables", () => {
    test("list() and deleteTable() know absence", () => {
      firewall.deleteTable("t");
      firewall.deleteTable("t");
      expect(firewall.list("t")).toBeUndefined();
    });

    test("load() is atomic and passes on nft's words", () => {
      expect(() => firewall.load("table inet other {}\ntable inet t { nonsense }")).toThrow(
        /nft refused.*nonsense/s,
      );
      expect(firewall.list("other")).toBeUndefined();
    });

    test("load() works in the namespace the thread is in, change() always in the host's", () => {
      const netns = createNetworkNamespaces(namespaces);
      using inner = netns.create(`${mkdtempSync("/run/nft-")}/inner`);
      inner.run(() => {
        firewall.load("table inet inner {}");
        firewall.change("t", { add: [published(80)] });
        createFirewall(namespaces).change("t", { add: [published(81)] });
        expect(firewall.list("t")).toContain("tcp . 81");
      });
      expect(firewall.list("inner")).toBeUndefined();
      expect(firewall.list("t")).toContain("tcp . 81");
      netns.remove(inner.path);
    });
  });
});
