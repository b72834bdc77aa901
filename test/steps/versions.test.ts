import { describe, expect, it } from "vitest";
import { chooseRelease, remarksOn, type Wish } from "../../src/app/versions.ts";
import { OPTIONS } from "../../src/config/options.ts";
import { compareVersions } from "../../src/ports/version.ts";
import { loadCatalog } from "../../src/releases/index.ts";

const catalog = await loadCatalog();
const TODAY = new Date("2025-08-01T12:00:00Z");

const said = (wish: Partial<Wish>, today = TODAY): { minor: string; remarks: readonly string[] } => {
  const whole: Wish = { installed: {}, ...wish };
  const release = chooseRelease(catalog, whole);
  return { minor: release.minor, remarks: remarksOn(catalog, release, whole, today) };
};

describe("the choice of a release", () => {
  it("says which newer ones newer servers could run", () => {
    expect(said({ kubernetes: "1.31.9" })).toEqual({
      minor: "1.18",
      remarks: [
        "Knative 1.18 is the newest that this server, Kubernetes 1.31.9, can run. A server of 1.32 could run 1.20, one of 1.34 1.23.",
      ],
    });
    expect(said({ kubernetes: "1.33.1" }).remarks).toEqual([
      "Knative 1.21 is the newest that this server, Kubernetes 1.33.1, can run. A server of 1.34 could run 1.23.",
    ]);
  });

  it("says nothing where it is the newest, or was asked for, or there is no server", () => {
    expect(said({ kubernetes: "1.36.0" })).toEqual({ minor: catalog.minors.at(-1), remarks: [] });
    expect(said({ kubernetes: "1.36.0", wanted: "1.19" }).remarks).toEqual([]);
    expect(said({})).toEqual({ minor: catalog.minors.at(-1), remarks: [] });
  });

  it("says when its project looks after it no more, from the day after", () => {
    const ended = "The Knative project's support for 1.17 ended on 2025-07-28.";
    expect(said({ wanted: "1.17" }).remarks).toEqual([ended]);
    expect(said({ wanted: "1.17" }, new Date("2025-07-28T23:59:59Z")).remarks).toEqual([]);
    expect(said({ kubernetes: "1.30.0" }).remarks.at(-1)).toBe(ended);
  });

  it("keeps the installed patch and reports a newer one", () => {
    const installed = { serving: "v1.19.3", "net-kourier": "1.19.1" };
    expect(said({ installed, kubernetes: "1.36.0" })).toEqual({
      minor: "1.19",
      remarks: ["Knative 1.19.9 is out; 1.19.3 runs here and is kept. --knative-version 1.19.9 takes it."],
    });
    expect(said({ installed, wanted: "1.19.9" }).remarks).toEqual([]);
    expect(said({ installed: { serving: "1.19.9" }, wanted: "1.19.9" }).remarks).toEqual([]);
    expect(said({ installed: { serving: "1.12.4" } })).toEqual({ minor: "1.12", remarks: [] });
  });
});

it("a rehearsal can have every server from the oldest that some known Knative runs on", () => {
  const choices = OPTIONS.find(({ key }) => key === "kubernetes")?.choices ?? [];
  const needed = catalog.minors.map((minor) => catalog.resolve(minor).minimumKubernetes);
  expect(choices[0]).toBe(needed.toSorted(compareVersions)[0]);
  expect(needed.filter((version) => !choices.includes(version))).toEqual([]);
});
