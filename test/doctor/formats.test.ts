import { beforeAll, describe, expect, it } from "vitest";
import { type Diagnosis, rank } from "../../src/app/doctor/diagnosis.ts";
import type { HealthCheck } from "../../src/checks/health-check.ts";
import { FORMATS, type Told } from "../../src/cli/doctor/formats/index.ts";
import { fail, ok, skipped, warn } from "../../src/core/check.ts";
import { sh } from "../../src/ports/shell.ts";

const check = (id: HealthCheck["id"], more: Partial<HealthCheck> = {}): HealthCheck => ({
  id,
  title: `${id} holds`,
  reads: [],
  meaning: `${id} does not hold.`,
  todo: "Do something.",
  run: async () => ok("fine"),
  ...more,
});
const service = { apiVersion: "v1", kind: "Service", namespace: "gone", name: 'a<b>&"c"' };
const evidence = [{ object: service, field: "", expected: "there" }];

// What others have written is in it: marks of XML and Markdown, and a line end.
const diagnosis: Diagnosis = rank([
  {
    check: check("area.cause", { threads: ["knative/serving#1"] }),
    finding: fail(
      'asks <hook> & "x" | y\n* z',
      { text: "Delete it.", command: sh`kubectl delete ${"a b"}` },
      { evidence },
    ),
  },
  { check: check("area.symptom", { symptomOf: ["area.cause"] }), finding: fail("does not answer", { text: "Look." }) },
  {
    check: check("area.after", { needs: ["area.symptom"] }),
    finding: skipped("because of area.symptom"),
    because: "area.symptom",
  },
  { check: check("other.warned"), finding: warn("nearly over", { text: "Renew it." }) },
  {
    check: check("other.unseen"),
    finding: { status: "unknown", summary: "may not be read", remedy: { text: "Ask." } },
  },
  { check: check("other.fine"), finding: ok("fine") },
]);
const told: Told = {
  diagnosis,
  context: "kind-kind",
  server: "https://127.0.0.1:6443",
  at: "2026-11-30T12:00:00.000Z",
  verbose: false,
  look: { columns: 80, color: false, unicode: true },
};

describe("a diagnosis in every form", () => {
  let forms: ReadonlyMap<string, string>;
  beforeAll(async () => {
    forms = new Map(
      await Promise.all(Object.entries(FORMATS).map(async ([name, load]) => [name, (await load())(told)] as const)),
    );
  });

  it.each(Object.keys(FORMATS))("%s", async (name) => {
    await expect(forms.get(name)).toMatchFileSnapshot(`golden/diagnosis-${name}.txt`);
  });

  it("puts the cause first, with all that follows from it", () => {
    expect(diagnosis.causes.map(({ check: { id }, explains }) => [id, explains.map((one) => one.check.id)])).toEqual([
      ["area.cause", ["area.symptom", "area.after"]],
      ["other.warned", []],
    ]);
  });

  it("leaves nothing of others unescaped in XML, and nothing in Markdown that is a mark", () => {
    const xml = forms.get("junit") ?? "";
    expect(xml.replaceAll(/<\/?[\w-]+(?: [\w]+="[^"<]*")*\/?>|<\?xml [^>]*\?>/g, "")).not.toMatch(/[<>]/);
    expect(forms.get("markdown")).toContain('asks \\<hook\\> & "x" \\| y \\* z');
  });
});
