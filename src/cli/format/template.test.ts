import { describe, expect, test } from "bun:test";
import { compileTemplate } from "./template-eval.ts";
import type { TemplateObject } from "./template-object.ts";

const data = {
  Name: "/web",
  State: { Running: true, Pid: 42, ExitCode: 0 },
  Config: { Env: ["A=1", "B=2"], Labels: { "com.x": "y" }, Cmd: null },
  Size: 1234567890123,
  Ports: { "80/tcp": [{ HostIp: "0.0.0.0", HostPort: "8080" }] },
  Empty: [],
};

const row: TemplateObject = {
  typeName: "row",
  fields: { ID: "0123", Label: (name: string) => `label ${name}` },
  json: () => '{"ID":"0123"}',
};

const fill = (source: string, value: unknown = data) => compileTemplate(source)(value);

describe("compileTemplate()", () => {
  const cases: [source: string, text: string][] = [
    ["plain", "plain"],
    ["{{.Name}}", "/web"],
    ["{{ .State.Pid }} {{.State.Running}}", "42 true"],
    ["{{.Size}}", "1234567890123"],
    ["{{.Config.Env}}", "[A=1 B=2]"],
    ["{{.State}}", "map[ExitCode:0 Pid:42 Running:true]"],
    ["{{.Nope}} {{.Nope.Deeper}}", "<no value> <no value>"],
    ["{{json .Config.Env}}", '["A=1","B=2"]'],
    ["{{json .Nope}}", "null"],
    ["{{index .Config.Env 1}}", "B=2"],
    ['{{index .Config.Labels "com.x"}}{{index .Config.Labels "none"}}', "y"],
    ['{{(index (index .Ports "80/tcp") 0).HostPort}}', "8080"],
    ["{{range .Config.Env}}[{{.}}]{{end}}", "[A=1][B=2]"],
    ["{{range $i, $e := .Config.Env}}{{if $i}}, {{end}}{{$e}}{{end}}", "A=1, B=2"],
    ["{{range $p, $b := .Ports}}{{$p}}->{{(index $b 0).HostPort}}{{end}}", "80/tcp->8080"],
    ["{{range .Empty}}x{{else}}none{{end}}", "none"],
    ["{{range .Config.Env}}{{if eq . `B=2`}}{{continue}}{{end}}{{.}}{{end}}", "A=1"],
    ["{{range .Config.Env}}{{.}}{{break}}{{end}}", "A=1"],
    ["{{if .State.Running}}up{{else}}down{{end}}", "up"],
    ["{{if .State.ExitCode}}a{{else if eq .State.Pid 42}}b{{else}}c{{end}}", "b"],
    ["{{with .State}}{{.Pid}} {{$.Name}}{{end}}", "42 /web"],
    ["{{$x := .State.Pid}}{{$x}}{{$x = 7}}{{$x}}", "427"],
    ['{{.Name | printf "%-6s|"}}', "/web  |"],
    ['{{printf "%05d %.2f %q %v%%" .State.Pid 1.5 .Name .State.Running}}', '00042 1.50 "/web" true%'],
    ['{{join .Config.Env ","}} {{upper "a"}} {{lower "B"}} {{title "some words"}}', "A=1,B=2 A b Some Words"],
    ['{{index (split "a:b" ":") 1}} {{len .Config.Env}} {{len "ü"}}', "b 2 2"],
    ["{{if and .State.Running (gt .State.Pid 40)}}yes{{end}}", "yes"],
    ["{{or .Empty .Name}} {{not .Empty}} {{and .Name .Size}}", "/web true 1234567890123"],
    ["{{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{ge 1 2}} {{eq 1 2 1}}", "true true true false true"],
    ["a {{- /* comment */ -}} b", "ab"],
    ["a  {{- .Name -}}  b", "a/webb"],
    ["a{{/* comment */}}b", "ab"],
    ["{{println .Name}}{{print 1 2 `a` 3}}", "/web\n1 2a3"],
    ['{{"quo\\"ted\\n"}}{{`raw\\n`}}', 'quo"ted\nraw\\n'],
    ["{{slice .Name 1 3}}{{truncate .Name 2}}", "we/w"],
    ["{{pad .Name 1 2}}|", " /web  |"],
  ];
  for (const [source, text] of cases)
    test(`compileTemplate() fills in ${source}`, () => expect(fill(source)).toBe(text));

  test("compileTemplate() calls fields that take arguments", () => {
    expect(fill('{{.ID}} {{.Label "x"}} {{.Label "y" | upper}} {{json .}}', row)).toBe(
      '0123 label x LABEL Y {"ID":"0123"}',
    );
  });

  const syntax: [source: string, message: string][] = [
    ["{{.ID", "template: :1: unclosed action"],
    ["x\n{{foo .ID}}", 'template: :2: function "foo" not defined'],
    ["{{if .X}}", "template: :1: unexpected EOF"],
    ["{{end}}", "template: :1: unexpected {{end}}"],
    ["{{}}", "template: :1: missing value for command"],
    ["{{(.X}}", "template: :1: unclosed left paren"],
    ['{{"open}}', "template: :1: unterminated quoted string"],
  ];
  for (const [source, message] of syntax)
    test(`compileTemplate() refuses ${JSON.stringify(source)}`, () =>
      expect(() => compileTemplate(source)).toThrow(message));

  test("compileTemplate() names place, words and type of a field that is not there", () => {
    expect(() => fill("{{.ID}} {{.Foo}}", row)).toThrow(
      `template: :1:10: executing "" at <.Foo>: can't evaluate field Foo in type row`,
    );
  });

  test("compileTemplate() can treat missing keys as errors", () => {
    const template = compileTemplate("{{.State.Health.Status}}", { missingKey: "error" });
    expect(() => template(data)).toThrow('at <.State.Health.Status>: map has no entry for key "Health"');
  });

  test("compileTemplate() reports what a function says", () => {
    expect(() => fill("{{index .Config.Env 9}}")).toThrow("error calling index: index out of range: 9");
    expect(() => fill("{{lt 1 `a`}}")).toThrow("incompatible types for comparison");
  });
});
