import { expect, test } from "bun:test";
import { portsText } from "./_ports.ts";

const port = (PrivatePort: number, PublicPort?: number, IP?: string, Type = "tcp") => ({
  PrivatePort,
  PublicPort,
  IP,
  Type,
});

test("portsText() joins neighbours to ranges and puts ports published elsewhere at the end", () => {
  const ports = [
    port(80, 8080, "0.0.0.0"),
    port(443),
    port(444),
    port(445, undefined, undefined, "udp"),
    port(9000, 9000, "0.0.0.0"),
    port(9001, 9001, "0.0.0.0"),
    port(9000, 9000, "::"),
  ];
  expect(portsText(ports)).toBe(
    "443-444/tcp, 445/udp, 0.0.0.0:9000-9001->9000-9001/tcp, [::]:9000->9000/tcp, 0.0.0.0:8080->80/tcp",
  );
});

test("portsText() shows a gap as two ranges", () => {
  expect(portsText([port(1), port(3), port(4)])).toBe("1/tcp, 3-4/tcp");
  expect(portsText(null)).toBe("");
});
