import { expect, test } from "bun:test";
import type { ContainerConfig } from "#spec/docker/containers.ts";
import { applyChanges } from "./changes.ts";

const cases: { changes: string[]; base?: ContainerConfig; config: ContainerConfig }[] = [
  { changes: ['CMD ["x","y"]'], config: { Cmd: ["x", "y"] } },
  { changes: ["cmd echo hi"], config: { Cmd: ["/bin/sh", "-c", "echo hi"] } },
  { changes: ['ENTRYPOINT ["/init"]'], base: { Cmd: ["old"] }, config: { Entrypoint: ["/init"] } },
  {
    changes: ['ENTRYPOINT ["/init"]', 'CMD ["new"]'],
    base: { Cmd: ["old"] },
    config: { Entrypoint: ["/init"], Cmd: ["new"] },
  },
  { changes: ["ENV A=b C='d e' F=\"g h\" I=j\\ k"], config: { Env: ["A=b", "C=d e", "F=g h", "I=j k"] } },
  { changes: ["ENV A the rest"], base: { Env: ["A=1", "B=2"] }, config: { Env: ["A=the rest", "B=2"] } },
  { changes: ["LABEL a=b c=", 'LABEL "k k"=v'], config: { Labels: { a: "b", c: "", "k k": "v" } } },
  {
    changes: ["EXPOSE 80 53/udp 8000-8001"],
    config: { ExposedPorts: { "80/tcp": {}, "53/udp": {}, "8000/tcp": {}, "8001/tcp": {} } },
  },
  { changes: ["USER nobody:nogroup"], config: { User: "nobody:nogroup" } },
  { changes: ["WORKDIR /a", "WORKDIR b"], config: { WorkingDir: "/a/b" } },
  { changes: ['VOLUME ["/a b"]', "VOLUME /c /d"], config: { Volumes: { "/a b": {}, "/c": {}, "/d": {} } } },
  { changes: ["ONBUILD RUN x"], base: { OnBuild: ["ADD y /"] }, config: { OnBuild: ["ADD y /", "RUN x"] } },
  { changes: ["STOPSIGNAL SIGQUIT"], config: { StopSignal: "SIGQUIT" } },
  { changes: ["HEALTHCHECK NONE"], config: { Healthcheck: { Test: ["NONE"] } } },
  {
    changes: ["HEALTHCHECK --interval=5s --retries=3 CMD curl -f localhost"],
    config: { Healthcheck: { Test: ["CMD-SHELL", "curl -f localhost"], Interval: 5e9, Retries: 3 } },
  },
  { changes: ['HEALTHCHECK CMD ["a","b"]'], config: { Healthcheck: { Test: ["CMD", "a", "b"] } } },
  { changes: ["CMD x\nUSER y", ""], config: { Cmd: ["/bin/sh", "-c", "x"], User: "y" } },
];

test.each(cases)("applyChanges() understands $changes", ({ changes, base = {}, config }) => {
  expect(applyChanges(base, changes)).toEqual(config);
});

test.each([
  ["RUN x", "run is not a valid change command"],
  ["constructor x", "constructor is not a valid change command"],
  ["ENV", "ENV requires at least one argument"],
  ["ENV A", "can't find ="],
  ["ENV A=b c", "can't find ="],
  ["ENV A='b", "matching quote"],
  ["EXPOSE 0", "invalid containerPort: 0"],
  ["EXPOSE 90000", "invalid containerPort: 90000"],
  ["USER a b", "USER requires exactly one argument"],
  ["ONBUILD ONBUILD x", "Chaining ONBUILD"],
  ["ONBUILD FROM x", "FROM isn't allowed as an ONBUILD trigger"],
  ["HEALTHCHECK RUN x", "Unknown type"],
  ["HEALTHCHECK --what=1 CMD x", "unknown flag: what"],
])("applyChanges() refuses %s", (change, message) => {
  expect(() => applyChanges({}, [change])).toThrow(message);
});
