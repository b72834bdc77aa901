import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { reportPage } from "../../src/cli/report-page/page.ts";
import type { Event } from "../../src/core/event.ts";
import { found } from "../cli/found.ts";
import { plan, report } from "../cli/plans.ts";
import { ASKED, record } from "./recordings.ts";

/** The page is made from data: other words in the findings change nothing of what it says about URL, address and answer. */

const url = "https://hello.apps.example.com";
const FACTS = [
  { url, status: 200, names: ["*.apps.example.com"], notAfter: "2030-03-01T00:00:00.000Z" },
  { location: `${url}/` },
  { seconds: 0.44 },
] as const;

const pageOf = (words: (index: number) => string): string => {
  const findings = {
    address: [found(words(0), { facts: { address: "203.0.113.7", source: "status" } })],
    proof: FACTS.map((facts, index) => found(words(index), { facts })),
  };
  const steps = report.steps.map((step) => (step.id === "proof" ? { ...step, findings: findings.proof } : step));
  const address = { ...report.steps[0], id: "address", title: "Find the address", findings: findings.address };
  const events: readonly Event[] = [
    { type: "target", context: "kind-kind", server: "https://127.0.0.1:6443", version: "1.36.2" },
    { type: "plan", plan },
    { type: "step-started", step: "state", title: "Prepare", changes: 0 },
  ];
  return reportPage(
    record(
      events,
      (recorder) => recorder.report({ ...report, steps: [...steps, address as (typeof steps)[number]] }, []),
      ASKED,
    ),
  );
};

describe("the report page", () => {
  it("says the same whatever the words of the findings are", () => {
    const page = pageOf(() => "It holds.");
    expect(page).toBe(pageOf((index) => `https://elsewhere.example.org answers 404; is ready; ${index}`));
    const shown = page.replaceAll("<wbr>", "");
    for (const text of [
      "203.0.113.7 (status)",
      "answers 200, certificate *.apps.example.com until 2030-03-01T00:00:00.000Z",
      `http redirects to ${url}/`,
      "answers from zero in 0.4 s",
    ])
      expect(shown).toContain(text);
  });

  it("and the rehearsal take no sentence apart", () => {
    const folder = new URL("../../src/cli/", import.meta.url);
    const page = readdirSync(new URL("report-page/", folder)).map((name) => `report-page/${name}`);
    // These break and escape texts for the eye, whatever they say.
    const typesetting = ["report-page/html.ts", "report-page/topology.ts"];
    const files = [...page, "rehearsed-internet.ts"].filter((name) => !typesetting.includes(name));
    const parsing =
      /\.(match|matchAll|exec|search|split)\(|(summary|reason|text|found|lines)\??\.(startsWith|endsWith|includes|replace)/;
    const guilty = files.flatMap((name) =>
      readFileSync(new URL(name, folder), "utf8")
        .split("\n")
        .flatMap((line, index) => (parsing.test(line) ? [`${name}:${index + 1} ${line.trim()}`] : [])),
    );
    expect(guilty).toEqual([]);
  });
});
