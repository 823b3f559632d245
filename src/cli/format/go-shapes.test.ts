import { expect, test } from "bun:test";
import { goText } from "./go-print.ts";
import { applyShape, CONTAINER_SHAPE, IMAGE_SHAPE } from "./go-shapes.ts";
import { compileTemplate } from "./template-eval.ts";

const container = () =>
  applyShape(
    {
      State: {
        Status: "running",
        Running: true,
        Pid: 5,
        ExitCode: 0,
        Error: "",
        StartedAt: "s",
        FinishedAt: "f",
      },
      HostConfig: { Binds: null, RestartPolicy: { Name: "no", MaximumRetryCount: 0 } },
      Config: { Volumes: null, Labels: { a: "b" } },
      NetworkSettings: { Ports: { "80/tcp": [{ HostIp: "::", HostPort: "8080" }], "81/tcp": null } },
    },
    CONTAINER_SHAPE,
  );

const cases: [template: string, text: string][] = [
  ["{{.NetworkSettings.Ports}}", "map[80/tcp:[{:: 8080}] 81/tcp:[]]"],
  ["{{.HostConfig.RestartPolicy}}", "{no 0}"],
  ["{{.HostConfig.Binds}} {{.Config.Volumes}} {{.State.Health}}", "[] map[] <nil>"],
  ["{{if .State.Health}}checked{{else}}unchecked{{end}}", "unchecked"],
  ["{{.State}}", "{running true false false false false 5 0  s f <nil>}"],
  [
    "{{json .Config}} {{json .HostConfig.Binds}} {{json .State.Health}}",
    '{"Volumes":null,"Labels":{"a":"b"}} null null',
  ],
  ["{{.Config.StopSignal}}|{{.Config.StopTimeout}}|{{.Config.Labels.a}}", "|<nil>|b"],
];
for (const [template, text] of cases)
  test(`applyShape() lets ${template} show what Docker's client shows`, () =>
    expect(compileTemplate(template, { missingKey: "error" })(container())).toBe(text));

test("applyShape() leaves unknown fields an error", () => {
  expect(() => compileTemplate("{{.State.Nope}}", { missingKey: "error" })(container())).toThrow(
    'no entry for key "Nope"',
  );
});

test("applyShape() gives a missing struct its empty fields", () => {
  expect(goText((applyShape({}, IMAGE_SHAPE) as { RootFS: unknown }).RootFS)).toBe("{ []}");
});
