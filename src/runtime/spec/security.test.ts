import { expect, test } from "bun:test";
import { EXAMPLE_HOST } from "./_example.ts";
import { securityOf } from "./security.ts";

const APPARMOR_HOST = { selinux: false, features: { ...EXAMPLE_HOST.features, apparmor: true } };

test.each<{ options: string[]; expected: object }>([
  { options: [], expected: { process: {}, seccompProfile: "builtin", writableCgroups: false } },
  { options: ["no-new-privileges"], expected: { process: { noNewPrivileges: true } } },
  { options: ["no-new-privileges:true"], expected: { process: { noNewPrivileges: true } } },
  { options: ["no-new-privileges=false"], expected: { process: {} } },
  { options: ["seccomp=unconfined"], expected: { seccompProfile: "unconfined" } },
  { options: ['seccomp={"defaultAction":"x"}'], expected: { seccompProfile: '{"defaultAction":"x"}' } },
  { options: ["apparmor=mine"], expected: { process: { apparmorProfile: "mine" } } },
  { options: ["apparmor=unconfined"], expected: { process: {} } },
  { options: ["label=disable", "disable"], expected: { process: {} } },
  { options: ["writable-cgroups=true"], expected: { writableCgroups: true } },
])("securityOf($options)", ({ options, expected }) => {
  expect(securityOf({ SecurityOpt: options }, APPARMOR_HOST)).toMatchObject(expected);
});

test("securityOf() prefers the container's word to the administrator's", () => {
  const defaults = { noNewPrivileges: true, seccompProfile: "unconfined", apparmorProfile: "engine-default" };
  expect(securityOf({}, APPARMOR_HOST, defaults)).toMatchObject({
    process: { noNewPrivileges: true, apparmorProfile: "engine-default" },
    seccompProfile: "unconfined",
  });
  const own = ["no-new-privileges=false", "seccomp=builtin", "apparmor=unconfined"];
  expect(securityOf({ SecurityOpt: own }, APPARMOR_HOST, defaults)).toMatchObject({
    process: {},
    seccompProfile: "builtin",
  });
});

test("securityOf() of a privileged container filters nothing unless asked by name", () => {
  expect(securityOf({ Privileged: true }, EXAMPLE_HOST)).toMatchObject({
    seccompProfile: "unconfined",
    writableCgroups: true,
  });
  const asked = { Privileged: true, SecurityOpt: ["seccomp=builtin"] };
  expect(securityOf(asked, EXAMPLE_HOST).seccompProfile).toBe("builtin");
});

test.each([
  { option: "nonsense", message: 'invalid --security-opt 1: "nonsense"' },
  { option: "foo=bar", message: 'invalid --security-opt 2: "foo=bar"' },
  { option: "no-new-privileges=maybe", message: 'invalid --security-opt 2: "no-new-privileges=maybe"' },
])("securityOf() refuses $option", ({ option, message }) => {
  expect(() => securityOf({ SecurityOpt: [option] }, EXAMPLE_HOST)).toThrow(message);
});

test("securityOf() refuses a profile where the host has no AppArmor, and takes the word for none", () => {
  const asked = { SecurityOpt: ["apparmor=mine"] };
  expect(() => securityOf(asked, EXAMPLE_HOST)).toThrow(
    'AppArmor profile "mine" cannot be applied: AppArmor is not enabled on this host',
  );
  expect(securityOf({ SecurityOpt: ["apparmor:unconfined"] }, EXAMPLE_HOST).process).toEqual({});
});

test("securityOf() labels processes and mounts where SELinux is on, and warns where it is off", () => {
  const asked = { SecurityOpt: ["label=type:web_t", "label:level:s0:c1,c2"] };
  expect(securityOf(asked, { ...EXAMPLE_HOST, selinux: true })).toMatchObject({
    process: { selinuxLabel: "system_u:system_r:web_t:s0:c1,c2" },
    mountLabel: "system_u:object_r:container_file_t:s0:c1,c2",
    warnings: [],
  });
  const { process, mountLabel, warnings } = securityOf(asked, EXAMPLE_HOST);
  expect({ process, mountLabel }).toEqual({ process: {}, mountLabel: undefined });
  expect(warnings).toHaveLength(2);
  for (const unlabelled of [{ Privileged: true }, { PidMode: "host" }, { SecurityOpt: ["label=disable"] }])
    expect(securityOf(unlabelled, { ...EXAMPLE_HOST, selinux: true }).mountLabel).toBeUndefined();
});
