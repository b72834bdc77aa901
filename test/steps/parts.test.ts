import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { withoutManifests } from "../../src/app/prepare.ts";
import type { Written } from "../../src/config/complete.ts";
import { complete } from "../../src/config/complete.ts";
import type { Config } from "../../src/config/config.ts";
import { order } from "../../src/core/order.ts";
import { PARTS, type PartId, type StepId, steps } from "../../src/steps/index.ts";
import { part, step } from "../../src/steps/part.ts";

/** `owner/repository#7`: where others have met the same is no knowledge of a part. */
const THREADS = /"[\w.-]+\/[\w.-]+#\d+"/g;
const folder = resolve(import.meta.dirname, "../../src/steps");

const CHOICES: readonly Written[] = [
  {},
  { tls: "none" },
  { tls: "cert-manager", domain: "apps.example.com", dns: "route53" },
  { expose: "nodeport", hpa: true },
];

describe("the parts of the installation", () => {
  it("are the folders of src/steps, each once", () => {
    const folders = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() && readdirSync(join(folder, entry.name)).includes("index.ts") ? [entry.name] : [],
    );
    expect(PARTS.map(({ id }) => id).sort()).toEqual(folders.sort());
  });

  it.each(CHOICES)("have an order whatever is chosen, on both ways: %j", (written) => {
    const install = withoutManifests(complete(written, { env: {}, terminal: false }));
    for (const removal of [undefined, { purge: true, deleteWorkloads: false }]) {
      const list = steps(install, removal);
      expect(order(list)).toHaveLength(list.length);
    }
  });

  it("let a step say that another one needs it", () => {
    const install = withoutManifests(complete({}, { env: {}, terminal: false }));
    expect(steps(install).find(({ id }) => id === "proof")?.needs).toContain("hpa");
  });

  it.each([
    ["hpa", /\bhpa\b/i, 2],
    ["cert-manager", /cert-manager/, 6],
  ])("are named by few but themselves: %s", (id, name, most) => {
    const source = join(folder, "..");
    const own = new RegExp(`^(steps/${id}|certificates/${id}|checks/${id}|sandbox)/`);
    // Where they are listed.
    const registry = /^(steps|certificates)\/index\.ts$|^(config\/options|checks\/registry)\.ts$/;
    const users = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
      (path) =>
        path.endsWith(".ts") &&
        !own.test(path) &&
        !registry.test(path) &&
        name.test(readFileSync(join(source, path), "utf8").replaceAll(THREADS, "")),
    );
    process.stdout.write(`${id}: ${users.join(", ") || "nobody"}\n`);
    expect(users.length).toBeLessThanOrEqual(most);
  });

  it("know their ids as types: what none of them is called does not compile", () => {
    const known: readonly [PartId, StepId] = ["hpa", "gateway-tls"];
    // @ts-expect-error no part is called so
    const part1: PartId = "hpaa";
    // @ts-expect-error no step is called so
    const step1: StepId = "route-tls";
    // @ts-expect-error nor a DNS provider
    const dns: Config["dns"] = "route35";
    // @ts-expect-error nor a way to TLS
    const tls: Config["tls"] = "letsencript";
    // @ts-expect-error nor an ingress
    const ingress: Config["ingress"] = "courier";
    expect([...known, part1, step1, dns, tls, ingress]).toHaveLength(7);
  });

  it("keep what their steps are called and need as types", () => {
    const verify = { title: "", undo: "", plan: async () => [], verify: [] };
    const made = part({ id: "example", steps: () => [step({ id: "one", needs: ["core"], ...verify })] });
    type Made = ReturnType<NonNullable<(typeof made)["steps"]>>[number];
    const id: Made["id"] = "one";
    const need: Made["needs"][number] = "core";
    // @ts-expect-error
    const other: Made["id"] = "core";
    expect([id, need, other]).toEqual(["one", "core", "core"]);
  });
});
