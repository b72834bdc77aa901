import { beforeAll, describe, expect, it } from "vitest";
import type { Diagnosis } from "../../src/app/doctor/diagnosis.ts";
import { changesOf } from "../../src/core/change.ts";
import { patient } from "../patience.ts";
import { isThorough, sampled } from "../thorough.ts";
import { FAULTS as EARLIER } from "./faults.ts";
import { FAULTS_AROUND } from "./faults-around.ts";
import { FAULTS_INSIDE } from "./faults-inside.ts";
import { FAULTS_PATH } from "./faults-path.ts";
import { ODD } from "./odd.ts";
import { diagnosisOf, mendingOf, type Scene } from "./scene.ts";
import { openShapes, SHAPES, type Shape } from "./shapes.ts";

const FAULTS = { ...EARLIER, ...FAULTS_INSIDE, ...FAULTS_PATH, ...FAULTS_AROUND };

/** With how many others each fault is paired; `all` takes minutes of its own. */
const NEIGHBOURS = process.env.KN_TEST_PAIRS === "all" ? Number.POSITIVE_INFINITY : isThorough ? 4 : 1;

/** The shapes of a fault; of all faults together every one, where there is no time for all. */
const some = (only: readonly Shape[] = SHAPES, index: number, count: number): readonly Shape[] =>
  isThorough
    ? only
    : Array.from(
        { length: Math.min(count, only.length) },
        (_one, more) => only[(index + more * 3) % only.length] as Shape,
      );

/** Where the check stands among the causes, from 1. Undefined: it is none of them. */
const rankOf = ({ causes }: Diagnosis, id: string): number | undefined => {
  const index = causes.findIndex(({ check }) => check.id === id);
  return index < 0 ? undefined : index + 1;
};

/** What is said of something that is well begins with what is not there, or has none of these words. */
const SOUNDS_BAD =
  /: (?!no\b|nothing\b|none\b|nobody\b).*\b(would|cannot|lets none|denied|fails?|failed|missing|refuses?)\b/;

describe("doctor", { timeout: patient(isThorough ? 300_000 : 60_000) }, () => {
  let shapes: Readonly<Record<Shape, Scene>>;
  beforeAll(async () => {
    shapes = await openShapes();
  }, patient(120_000));

  it.each(SHAPES)("finds nothing wrong with a healthy cluster: %s", async (shape) => {
    const { all } = await diagnosisOf(shapes[shape]);
    const wrong = all.filter(({ finding }) => finding.status === "fail" || finding.status === "unknown");
    expect(wrong.map(({ check, finding }) => `${check.id}: ${finding.status}: ${finding.summary}`)).toEqual([]);
    const well = all.flatMap(({ check, finding }) =>
      finding.status === "ok" ? [`${check.id}: ${finding.summary}`] : [],
    );
    expect(well.filter((line) => SOUNDS_BAD.test(line))).toEqual([]);
  });

  it("finds nothing wrong where somebody has set things up in a way of their own", async () => {
    const red: string[] = [];
    for (const [name, { in: only = SHAPES, make }] of Object.entries(ODD))
      for (const shape of only) {
        const { all } = await diagnosisOf(make(shapes[shape]));
        for (const { check, finding } of all)
          if (finding.status === "fail" || finding.status === "unknown")
            red.push(`${name}, ${shape}: ${check.id}: ${finding.status}: ${finding.summary}`);
      }
    expect(red).toEqual([]);
  });

  it("names each fault first, in every shape that can have it", async () => {
    const rows: {
      readonly fault: string;
      readonly shape: Shape;
      readonly rank: number | undefined;
      readonly first: string;
    }[] = [];
    for (const [index, [fault, { leads, break: broken, in: only }]] of Object.entries(FAULTS).entries())
      for (const shape of new Set(some(only, index, 3))) {
        const diagnosis = await diagnosisOf(await broken(shapes[shape]));
        rows.push({ fault, shape, rank: rankOf(diagnosis, leads), first: diagnosis.causes[0]?.check.id ?? "none" });
      }
    const width = Math.max(...Object.keys(FAULTS).map((fault) => fault.length));
    const cell = (fault: string, shape: Shape) =>
      String(rows.find((row) => row.fault === fault && row.shape === shape)?.rank ?? "-");
    process.stdout.write(
      `${["".padEnd(width), ...SHAPES].join("  ")}\n${Object.keys(FAULTS)
        .map((fault) =>
          [fault.padEnd(width), ...SHAPES.map((shape) => cell(fault, shape).padEnd(shape.length))].join("  "),
        )
        .join("\n")}\n`,
    );
    const first = rows.filter(({ rank }) => rank === 1).length;
    process.stdout.write(`first: ${first} of ${rows.length}\n`);
    expect(
      rows.flatMap(({ fault, shape, rank, first }) =>
        rank === 1 ? [] : [`${fault}, ${shape}: ${rank ?? "not named"}, first is ${first}`],
      ),
    ).toEqual([]);
  });

  it("takes a certificate that nobody renewed for one problem, and for what came of the CronJob where that fails", async () => {
    const causesOf = async (scene: Scene) => (await diagnosisOf(scene)).causes.map(({ check }) => check.id);
    const broken = (fault: string, scene: Scene) => FAULTS[fault]?.break(scene) ?? Promise.reject(new Error(fault));
    const expired = await broken("the certificate has expired", shapes.ours);
    expect(await causesOf(expired)).toEqual(["certificate.current"]);
    const both = await broken("the CronJob's runs fail", expired);
    expect(await causesOf(both)).toEqual(["renew.cronjob"]);
  });

  it("takes a default domain that nobody chose for one problem", async () => {
    const scene = await FAULTS["the default domain is misspelt"]?.break(shapes.ours);
    const { causes } = await diagnosisOf(scene ?? expect.fail("there is no such fault"));
    expect(causes.map(({ check }) => check.id)).toEqual(["domain.default"]);
    expect(causes[0]?.explains.map(({ check }) => check.id)).toEqual(
      expect.arrayContaining(["dns.delegated", "certificate.covers"]),
    );
  });

  it("mends in memory what it says that it can mend, and by that nothing else breaks", async () => {
    const rows: string[] = [];
    const mended = new Set<string>();
    for (const [index, [fault, { leads, break: broken, in: only }]] of Object.entries(FAULTS).entries())
      for (const shape of some(only, index, 1)) {
        const { plan, found, forecast } = await mendingOf(await broken(shapes[shape]));
        if (found.length === 0) continue;
        mended.add(fault);
        if (changesOf(plan).length === 0) rows.push(`${fault}, ${shape}: nothing is planned`);
        const left = forecast.left.map(({ check }) => check.id);
        if (left.length > 0) rows.push(`${fault}, ${shape}: ${left.join(", ")} would be left, of ${leads}`);
      }
    expect(rows).toEqual([]);
    process.stdout.write(`mended: ${mended.size} of ${Object.keys(FAULTS).length}\n${[...mended].join("\n")}\n`);
  });

  it("names both of two faults", async () => {
    const missed: string[] = [];
    const all = Object.entries(FAULTS);
    for (const shape of sampled(SHAPES, 4)) {
      const own = all.filter(([, { in: only = SHAPES }]) => only.includes(shape));
      // Each with the next one: pairs of every kind come up, without all of their number.
      for (const [index, [name, first]] of own.entries())
        for (const [other, second] of own.slice(index + 1, index + 1 + NEIGHBOURS)) {
          const { causes } = await diagnosisOf(await second.break(await first.break(shapes[shape])));
          const named: readonly string[] = causes.flatMap(({ check, explains }) => [
            check.id,
            ...explains.map((one) => one.check.id),
          ]);
          const hidden = [...(first.hides ?? []), ...(second.hides ?? [])];
          for (const { leads } of [first, second])
            if (!hidden.some((one) => leads === one || leads.startsWith(`${one}.`)))
              if (!named.includes(leads)) missed.push(`${shape}: ${name} and ${other}: ${leads}`);
        }
    }
    expect(missed).toEqual([]);
  });
});
