import { afterAll, describe, expect, it } from "vitest";
import { FAULTS } from "../../src/sandbox/faults/index.ts";
import { type DnsStage, DOMAIN, dnsStage } from "../engine/dns/stage.ts";
import { patient, patientSeconds } from "../patience.ts";
import { drawn, isThorough } from "../thorough.ts";
import { OUTSIDE_LEADS, type OutsideRow } from "./outside-leads.ts";

interface Found {
  readonly id: string;
  readonly status: string;
  readonly summary: string;
}

const install = (world: DnsStage, ...more: readonly string[]) =>
  world.run("install", "--yes", "--dns", "route53", "--domain", DOMAIN, ...world.letsEncrypt, "-o", "json", ...more);

/** The world as the fault leaves it, while it lasts. */
const metIn = async (world: DnsStage, { fault, met }: OutsideRow): Promise<void> => {
  if (met !== "by what works") await world.faults.start(fault);
  const failing = met === "by an install that fails";
  const { code, stderr } = await install(world, ...(failing ? ["--timeout", patientSeconds(15)] : []));
  expect(code, stderr).toBe(failing ? 1 : 0);
  if (met === "by what works") await world.faults.start(fault);
};

const look = async (world: DnsStage) => {
  const { code, events } = await world.run("doctor", "-o", "json");
  const { causes = [], findings: checks = [] } = (events.at(-1) ?? {}) as {
    causes?: { id: string }[];
    findings?: Found[];
  };
  return { code, leads: causes[0]?.id, checks };
};

const expectNamed = async (world: DnsStage, row: OutsideRow): Promise<void> => {
  const { code, leads, checks } = await look(world);
  const shown = JSON.stringify(checks.filter(({ status }) => !["ok", "skipped"].includes(status)));
  expect({ code, leads }, shown).toEqual({ code: row.leads ? 1 : row.unknown ? 3 : 0, leads: row.leads });
  const unknown = checks.filter(({ status }) => status === "unknown").map(({ id }) => id);
  if (row.unknown) expect(unknown[0]).toBe(row.unknown);
  const said = checks.find(({ id }) => id === (row.leads ?? row.unknown))?.summary;
  if (row.summary) expect(said).toMatch(row.summary);
};

const ROWS = OUTSIDE_LEADS.filter(({ isSlow }) => isThorough || !isSlow);
const named = new Set<string>();

describe.concurrent("doctor, at a fault around the cluster", { timeout: patient(60_000) }, () => {
  it.each(drawn(ROWS, 2, "faults around the cluster").map((row) => [row.fault, row.met, row] as const))(
    "%s, met %s",
    async (_fault, _met, row) => {
      const world = await dnsStage();
      try {
        await metIn(world, row);
        await expectNamed(world, row);
        named.add(`${row.fault} ${row.met}: ${row.leads ?? row.unknown ?? row.over}`);
      } finally {
        await world.close();
      }
    },
  );

  afterAll(() => {
    process.stdout.write(`doctor, around the cluster:\n  ${[...named].sort().join("\n  ")}\n`);
  });
});

it("has a row for every fault around the cluster that stays", () => {
  const staying = new Set(OUTSIDE_LEADS.flatMap(({ fault, over }) => (over ? [] : [fault.split(":")[0]])));
  const outside = FAULTS.filter(({ isOutside }) => isOutside).map(({ name }) => name);
  expect(outside.filter((name) => !staying.has(name))).toEqual([]);
});
