import { describe, expect, it } from "vitest";
import { parseGoTemplate } from "../../src/sandbox/knative/go-template.ts";

const DATA = { Name: "foo", Namespace: "bar", Domain: "baz.com", Labels: { team: "a" }, Annotations: {} };
const run = (source: string): string => parseGoTemplate("t", source).execute(DATA, "Values");

describe("Go templates as Knative's settings use them", () => {
  it.each([
    ["{{.Name}}-{{.Namespace}}.{{.Domain}}", "foo-bar.baz.com"],
    ['{{ .Name | printf "%s-x" }}.{{.Domain}}', "foo-x.baz.com"],
    ['{{index .Labels "team"}}.{{.Domain}}', "a.baz.com"],
    ['{{if eq .Namespace "bar"}}{{.Name}}{{else}}other{{end}}', "foo"],
    ['{{if eq .Namespace "x"}}1{{else if ne .Name "y"}}2{{else}}3{{end}}', "2"],
    ['{{if (index .Annotations "sub")}}{{index .Annotations "sub"}}{{else}}{{.Name}}{{end}}', "foo"],
    ["a {{- .Name -}} b", "afoob"],
    ['{{js "it\'s \\"x\\""}}', `it\\'s \\"x\\"`],
    ["{{/* nothing */}}{{len .Name}}", "3"],
  ])("%s", (source, expected) => {
    expect(run(source)).toBe(expected);
  });

  it.each([
    ["{{.Name", "template: t:1: unclosed action"],
    ["{{}}", "template: t:1: missing value for command"],
    ["{{nope .Name}}", 'template: t:1: function "nope" not defined'],
    ["{{if .Name}}x", "template: t:1: unexpected EOF"],
    ["{{end}}", "template: t:1: unexpected {{end}}"],
    ["{{.Nam}}", `template: t:1:2: executing "t" at <.Nam>: can't evaluate field Nam in type Values`],
  ])("refuses %s as Go does", (source, message) => {
    expect(() => run(source)).toThrow(message);
  });
});
