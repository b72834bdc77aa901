import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { dump } from "js-yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { choose } from "../../src/app/choosing.ts";
import { withoutManifests } from "../../src/app/prepare.ts";
import { makePlan } from "../../src/changes/plan.ts";
import { complete } from "../../src/config/complete.ts";
import type { Config } from "../../src/config/config.ts";
import { gather, presumed } from "../../src/config/load.ts";
import { CHOICES, type CommandFlags, envOf, optionName } from "../../src/config/options.ts";
import { shown } from "../../src/config/shown.ts";
import { changesOf } from "../../src/core/change.ts";
import { STATE } from "../../src/kube/prior.ts";
import { emptySnapshot } from "../../src/kube/snapshot.ts";
import { type KubeObject, keyOf, type ObjectRef } from "../../src/ports/object.ts";
import { homeNamespace, state } from "../../src/steps/state/index.ts";
import { isThorough } from "../thorough.ts";
import { anyChoices, type Raw, type Wish } from "./any-choices.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-choices-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const RUNS = isThorough ? 3000 : 150;
const flags: Pick<CommandFlags, "resetChoices" | "resetChoice"> = { resetChoices: false, resetChoice: [] };
const AWAY = { env: {}, terminal: false };

/** Where each choice is written: in a flag, a variable, the file; or, the second time, nowhere. */
type Place = "flag" | "variable" | "file" | "nowhere";

let files = 0;
const write = async (set: Wish, places: Readonly<Record<string, Place>>) => {
  const at = (place: Place): readonly (readonly [string, Raw])[] =>
    Object.entries(set).filter(([key]) => (places[key] ?? "flag") === place);
  const env: Record<string, string> = Object.fromEntries(
    at("variable").map(([key, raw]) => [envOf({ key: key as keyof Config }), String(raw)]),
  );
  const file = join(folder, `${files++}.yaml`);
  await writeFile(
    file,
    dump(Object.fromEntries(at("file").map(([key, raw]) => [optionName({ key: key as keyof Config }), raw]))),
  );
  const written = await gather({ flags: { ...Object.fromEntries(at("flag")), config: file }, env });
  return { written, config: presumed(written, { env, terminal: false }), env: {}, emit: () => undefined };
};

type Said = Awaited<ReturnType<typeof write>>;
type Flags = typeof flags;

/** What the plan of this says about the choices, in a cluster with this state; and the state that it leaves. */
const plan = async (said: Said, before: KubeObject | undefined, asked: Flags = flags) => {
  const objects = before ? [homeNamespace, before] : [];
  const live = { ...emptySnapshot, get: async (ref: ObjectRef) => objects.find((one) => keyOf(one) === keyOf(ref)) };
  const { config, keeping, changes } = await choose({ ...said, flags: asked }, live);
  const { "knative-version": _version, ...choices } = shown(config);
  const install = keeping({ ...withoutManifests(config), choices });
  const planned = changesOf(await makePlan([state(install)], { goal: "present", live, now: () => new Date(0) }));
  const wanted = planned.flatMap((change) => (change.kind === "object" ? [change.object] : []));
  return { config, changes, planned, after: wanted.find(({ kind }) => kind === STATE.kind) ?? before };
};

const nothing = () => write({}, {});
const chosen = (config: Config) => Object.fromEntries(CHOICES.map(({ key }) => [key, config[key]]));
const places = (...some: readonly Place[]): fc.Arbitrary<Readonly<Record<string, Place>>> =>
  fc.record(Object.fromEntries(CHOICES.map(({ key }) => [key, fc.constantFrom(...some)])), { noNullPrototype: true });

describe("an installation with any set of choices", () => {
  it("is not changed by a run that says nothing, or any part of the same, in whatever place", async () => {
    const seen = new Set<string>();
    const first = places("flag", "variable", "file");
    const second = places("flag", "variable", "file", "nowhere", "nowhere");
    await fc.assert(
      fc.asyncProperty(anyChoices, first, second, async (set, here, there) => {
        for (const [key, raw] of Object.entries(set)) seen.add(key).add(`${key} ${raw}`);
        const made = await plan(await write(set, here), undefined);
        expect(made.changes).toEqual([]);
        for (const said of [await nothing(), await write(set, there)]) {
          const again = await plan(said, made.after);
          expect(chosen(again.config)).toEqual(chosen(made.config));
          expect([again.changes, again.planned]).toEqual([[], []]);
        }
      }),
      { numRuns: RUNS },
    );
    // Of every option some value was tried; in many runs every one that is listed.
    const all = CHOICES.flatMap(({ key, choices = [] }) => [
      key,
      ...(isThorough ? choices.map((choice) => `${key} ${choice}`) : []),
    ]);
    expect(all.filter((one) => !seen.has(one))).toEqual([]);
  });

  it("becomes what any other set says that goes together, and each difference is said or has its reason", async () => {
    await fc.assert(
      fc.asyncProperty(anyChoices, anyChoices, async (set, other) => {
        const { after, config: before } = await plan(await write(set, {}), undefined);
        const said = await write(other, {});
        const made = await plan(said, after);
        for (const { key } of CHOICES.filter((option) => option.key in said.written))
          expect(made.config[key], key).toEqual(complete(said.written, AWAY)[key]);
        const differ = CHOICES.filter(({ key }) => !isDeepStrictEqual(before[key], made.config[key]));
        expect(made.changes.map(({ option }) => option)).toEqual(differ.map(optionName));
        for (const change of made.changes) {
          expect(change.from, change.option).not.toBe(change.to);
          expect(change.because === undefined, change.option).toBe(
            CHOICES.some((option) => optionName(option) === change.option && option.key in said.written),
          );
        }
        // A run that was cut off after the state is given again; or the next one says nothing.
        for (const next of [said, await nothing()]) {
          const again = await plan(next, made.after);
          expect([again.changes, again.planned]).toEqual([[], []]);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it("remembers that a value was said which would have followed anyway", async () => {
    const domain = "apps.example.com";
    const changedBy = async (first: Wish): Promise<readonly string[]> => {
      const made = await plan(await write(first, {}), undefined);
      const later = await plan(await write({ hpa: true }, {}), made.after);
      return (await plan(await write({ dns: "route53" }, {}), later.after)).changes.map(({ option }) => option);
    };
    expect(await changedBy({ domain })).toEqual(["dns", "tls"]);
    expect(await changedBy({ domain, tls: "self-signed" })).toEqual(["dns"]);
  });

  it("is the defaults and what is said with --reset-choices", async () => {
    await fc.assert(
      fc.asyncProperty(anyChoices, anyChoices, async (set, other) => {
        const { after } = await plan(await write(set, {}), undefined);
        const said = await write(other, {});
        const made = await plan(said, after, { ...flags, resetChoices: true });
        expect(chosen(made.config)).toEqual(chosen(complete(said.written, AWAY)));
      }),
      { numRuns: RUNS / 5 },
    );
  });
});
