import { describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hermetic } from "../_testing/hermetic.ts";
import { createNetworkNamespaces } from "./netns.ts";
import { NamespaceSwitch } from "./switch.ts";

hermetic(import.meta.path, () => {
  const namespaces = new NamespaceSwitch();
  const netns = createNetworkNamespaces(namespaces);
  const here = () => readlinkSync("/proc/thread-self/ns/net");
  const host = here();
  const pinPath = () => join(mkdtempSync("/run/netns-"), "deep", "one");

  describe("NetworkNamespaces", () => {
    test("create() pins a namespace at a path it makes, and the thread stays where it was", () => {
      const path = pinPath();
      using namespace = netns.create(path);
      expect(netns.isPinned(path)).toBe(true);
      expect(here()).toBe(host);
      const inside = namespace.run(here);
      expect(inside).not.toBe(host);
      expect(here()).toBe(host);
      namespace[Symbol.dispose]();
      using again = netns.open(path);
      expect(again.run(here)).toBe(inside);
      netns.remove(path);
    });

    test("remove() ends the pin and its file, and takes 'gone' as done", () => {
      const path = pinPath();
      netns.create(path)[Symbol.dispose]();
      netns.remove(path);
      expect(existsSync(path)).toBe(false);
      expect(netns.isPinned(path)).toBe(false);
      netns.remove(path);
      expect(() => netns.open(path)).toThrow("ENOENT");
    });

    test("a left-over file is no pin and does not hinder create(); a live pin does", () => {
      const path = join(mkdtempSync("/run/netns-"), "left");
      writeFileSync(path, "");
      expect(netns.isPinned(path)).toBe(false);
      using _ = netns.create(path);
      expect(() => netns.create(path)).toThrow("EEXIST");
      netns.remove(path);
    });

    test("create() leaves no file and no changed thread behind when the pin fails", () => {
      expect(() => netns.create("/proc/nowhere/pin")).toThrow();
      expect(here()).toBe(host);
    });
  });

  describe("NetworkNamespace.run()", () => {
    test("returns to the host when the work throws, and passes the error on", () => {
      const path = pinPath();
      using namespace = netns.create(path);
      const failing = () =>
        namespace.run(() => {
          throw new Error("inside");
        });
      expect(failing).toThrow("inside");
      expect(here()).toBe(host);
      netns.remove(path);
    });

    test("nests: each level returns to the one it came from, and inHost() reaches the host from within", () => {
      const [onePath, otherPath] = [pinPath(), pinPath()];
      using one = netns.create(onePath);
      using other = netns.create(otherPath);
      one.run(() => {
        const outer = here();
        expect(other.run(here)).not.toBe(outer);
        expect(here()).toBe(outer);
        expect(namespaces.inHost(here)).toBe(host);
        expect(one.run(here)).toBe(outer);
        netns.create(pinPath())[Symbol.dispose]();
        expect(here()).toBe(outer);
      });
      expect(here()).toBe(host);
      netns.remove(onePath);
      netns.remove(otherPath);
    });

    test("refuses asynchronous work, which would go on in the host", () => {
      const path = pinPath();
      using namespace = netns.create(path);
      expect(() => namespace.run(async () => 1)).toThrow("must not be asynchronous");
      expect(here()).toBe(host);
      netns.remove(path);
    });

    test("a thread that cannot return ends the process", async () => {
      const script = `
        import { closeSync, readdirSync, readlinkSync } from "node:fs";
        import { NamespaceSwitch } from "${import.meta.dir}/switch.ts";
        const host = readlinkSync("/proc/thread-self/ns/net");
        const namespaces = new NamespaceSwitch();
        namespaces.inside(namespaces.create(() => {}), () => {
          const fds = readdirSync("/proc/self/fd").map(Number);
          for (const fd of fds) try { if (readlinkSync("/proc/self/fd/" + fd) === host) closeSync(fd); } catch {}
        });
        console.log("went on");`;
      const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "pipe" });
      const [stdout, stderr] = [new Response(child.stdout).text(), new Response(child.stderr).text()];
      await child.exited;
      expect(child.signalCode).toBe("SIGABRT");
      expect(await stdout).not.toContain("went on");
      expect(await stderr).toContain("cannot leave a network namespace");
    });

    test("sysctl files are those of the namespace inside", () => {
      const path = pinPath();
      using namespace = netns.create(path);
      const file = "/proc/sys/net/ipv4/ip_local_port_range";
      const before = readFileSync(file, "utf8");
      namespace.run(() => writeFileSync(file, "40000 40100"));
      expect(readFileSync(file, "utf8")).toBe(before);
      expect(namespace.run(() => readFileSync(file, "utf8")).split(/\s+/)).toEqual(["40000", "40100", ""]);
      netns.remove(path);
    });
  });
});
