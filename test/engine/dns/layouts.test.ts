import { afterAll, describe, expect, it } from "vitest";
import { isThorough, sampled } from "../../thorough.ts";
import { everything, type Layout, laidOut, layoutsFor, rarerFor, witness } from "./layouts.ts";
import { type DnsStage, errorOf } from "./stage.ts";

const words = (text: string): string => text.replaceAll(/[│┃]/g, " ").replaceAll(/\s+/g, " ");

/** `name in zone` for each TXT that the plan announces for the run only. */
const planned = (stdout: string): readonly string[] =>
  [
    ...words(stdout).matchAll(
      /challenge records in zone (\S+)(?: \(\S+\))? \(temporary: [^)]+\)((?: \+ \S+ TXT: "\(known after apply: [^)]+\)")+)/g,
    ),
  ].flatMap(([, zone = "", sets = ""]) => [...sets.matchAll(/ (\S+) TXT:/g)].map(([, name]) => `${name} in ${zone}`));

interface Statement {
  readonly Sid: string;
  readonly Resource: string;
  readonly Condition?: { readonly "ForAllValues:StringEquals": Readonly<Record<string, readonly string[]>> };
}

/** What the policy lets write a TXT of a challenge, as `name in id`. */
const allowed = (stdout: string): readonly string[] =>
  (JSON.parse(stdout) as { readonly Statement: readonly Statement[] }).Statement.flatMap(({ Resource, Condition }) =>
    Object.values(Condition?.["ForAllValues:StringEquals"] ?? {})
      .flat()
      .filter((name) => !/^(\\052|_kn-bootstrap)/.test(name) && name.includes("."))
      .map((name) => `${name} in ${Resource.replace(/.*\//, "")}`),
  );

describe.each(["route53", "rfc2136"])(
  "--dns %s: what plan, policy, writes and uninstall say of a layout is one and the same",
  (dns) => {
    const rows: string[] = [];
    afterAll(() => {
      process.stdout.write(`layouts: --dns ${dns}\n${rows.map((row) => `layouts:   ${row}\n`).join("")}`);
    });

    const runs = async (world: DnsStage, layout: Layout): Promise<void> => {
      const { domain, options = [], places = [], copies = [] } = layout;
      const way = ["--dns", dns, "--domain", domain, ...options];
      const env = { COLUMNS: "400" };
      const before = everything(world);
      const seen = witness(world);
      const zoneId = (name: string): string => world.internet.dns.zone(name).id;

      const plan = await world.runWith({ env }, "plan", ...way, ...world.letsEncrypt);
      expect(plan.code, plan.stderr).toBe(0);
      expect([...planned(plan.stdout)].sort()).toEqual([...places].sort());
      for (const copy of copies) expect(words(plan.stdout)).toContain(`+ ${copy}: `);

      if (dns === "route53") {
        const policy = await world.runWith({ env }, "iam-policy", ...way.slice(2));
        expect(policy.code, policy.stderr).toBe(0);
        const wanted = places.map((place) => place.replace(/\S+$/, zoneId));
        const plain = copies.flatMap((copy) => /^[^*]\S*/.exec(copy) ?? []);
        const beside = allowed(policy.stdout).filter((one) => plain.some((name) => one.startsWith(`${name} in `)));
        expect(beside).toHaveLength(plain.length);
        expect([...allowed(policy.stdout)].sort()).toEqual([...wanted, ...beside].sort());
        for (const copy of copies)
          expect(policy.stdout).toContain(JSON.stringify(copy.replace(/ .*/, "").replace("*", "\\052")));
      }

      const install = await world.runWith({ env }, "install", "--yes", ...way, ...world.letsEncrypt);
      expect(install.code, install.stderr).toBe(0);
      expect([...seen.places].sort()).toEqual([...places].sort());
      expect([...seen.ids].sort()).toEqual(
        [...new Set(places.map((place) => zoneId(place.split(" in ")[1] ?? "")))].sort(),
      );

      const check = await world.runWith({ env }, "renew", "--check");
      expect(check.code, check.stderr).toBe(0);

      const uninstall = await world.runWith({ env }, "uninstall", "--yes");
      expect(uninstall.code, uninstall.stderr).toBe(0);
      expect(everything(world)).toEqual(before);
      rows.push(
        `${layout.title.padEnd(26)} plan = ${dns === "route53" ? "policy = " : ""}written: ${places.join(", ")}; after uninstall: as before`,
      );
    };

    const isRefused = async (world: DnsStage, { title, domain, options = [], refused }: Layout): Promise<void> => {
      const before = everything(world);
      const way = ["--dns", dns, "--domain", domain, ...options];
      const told: string[] = [];
      for (const command of [["plan"], ["install", "--yes"]]) {
        const outcome = await world.runWith({ env: { COLUMNS: "400" } }, ...command, ...way, ...world.letsEncrypt);
        told.push(errorOf(outcome));
        expect({ code: outcome.code, writes: outcome.stats.writes }, outcome.stderr).toEqual({ code: 2, writes: 0 });
        expect(errorOf(outcome)).toMatch(refused ?? /never/);
      }
      if (dns === "route53") {
        const policy = await world.runWith({ env: { COLUMNS: "400" } }, "iam-policy", ...way.slice(2));
        expect(errorOf(policy)).toMatch(refused ?? /never/);
        expect({ code: policy.code, stdout: policy.stdout }, policy.stderr).toEqual({ code: 2, stdout: "" });
      }
      expect(everything(world)).toEqual(before);
      rows.push(
        `${title.padEnd(26)} plan, install: exit 2, nothing written: ${/Error: (.*?)\. /.exec(told[0] ?? "")?.[1]}`,
      );
    };

    it.each([...sampled(layoutsFor(dns), 3), ...(isThorough ? rarerFor(dns) : [])])("$title", async (layout) => {
      const world = await laidOut(dns, layout);
      try {
        await (layout.refused ? isRefused : runs)(world, layout);
      } finally {
        await world.close();
      }
    });
  },
);
