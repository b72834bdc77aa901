import { describe, expect, it } from "vitest";
import { patient } from "../../patience.ts";
import { isThorough, sampled, thoroughly } from "../../thorough.ts";
import { atOnce } from "../../trust/kill-everywhere.ts";
import { type KillScene, killScene, type Moment } from "./kill-scene.ts";
import { challengesIn } from "./stage.ts";

/** Worlds at once: a run also waits for others. */
const AT_ONCE = isThorough ? 3 : 2;
const FOREIGN = "somebody-else-proves-this-too";
const PATIENCE = patient(150_000);

const command = (scene: KillScene, dns: string, domain: string): readonly string[] => [
  ...["install", "--yes", "--dns", dns, "--domain", domain],
  ...scene.letsEncrypt,
];

/** Without an account at the CA, and with a TXT of other people where the challenge will stand. */
const prepare = async ({ api, internet }: KillScene, domain: string, isShared: boolean): Promise<void> => {
  for (const { metadata } of api.list("v1", "Secret", "kn-bootstrap"))
    if (metadata.name.startsWith("acme-account-"))
      await api.remove({ apiVersion: "v1", kind: "Secret", namespace: "kn-bootstrap", name: metadata.name });
  if (!isShared) return;
  const name = `_acme-challenge.${domain}`;
  internet.dns.zone("example.com").records.set({ name, type: "TXT", ttl: 60, values: [FOREIGN] });
};

const settled = (scene: KillScene, domain: string, isShared: boolean, when: string): void => {
  const { api, internet } = scene;
  const names = `*.${domain}`;
  expect(
    challengesIn(scene).filter((text) => text.includes(`.${domain} `)),
    when,
  ).toEqual(isShared ? [`_acme-challenge.${domain} ${FOREIGN}`] : []);
  const issued = internet.acme.certificates().filter((certificate) => certificate.names.includes(names));
  expect(issued, when).toHaveLength(1);
  const ordered = internet.acme.orders().filter((order) => order.names.includes(names)).length;
  expect(ordered, when).toBeLessThanOrEqual(2);
  const left = api.list("v1", "Secret", "kn-bootstrap").map(({ metadata }) => metadata.name);
  expect(
    left.filter((name) => name.startsWith("acme-order-")),
    when,
  ).toEqual([]);
  const ledger = api.get({ apiVersion: "v1", kind: "ConfigMap", namespace: "kn-bootstrap", name: "acme-ledger" });
  const entries: readonly { names: readonly string[] }[] = JSON.parse(ledger?.data["ledger.json"] ?? "[]");
  expect(entries.filter((entry) => entry.names.includes(names)).length, when).toBe(1);
};

const isAfter = (moment: Moment): boolean => moment.startsWith("after");

// What is lost before it arrives is for the contract suite (test/contract); here it would double the time.
const everyWrite = { dns: "route53", which: "every write", sample: isAfter };
const everyUpdate = {
  dns: "rfc2136",
  which: "every write to the zone",
  sample: (moment: Moment) => isAfter(moment) && moment.includes("zone"),
};
describe.each(thoroughly([everyWrite], [everyWrite, everyUpdate]))(
  "killed after $which, with --dns $dns",
  ({ dns, sample }) => {
    it("goes on where it was", { timeout: PATIENCE }, async () => {
      const scenes = await Promise.all(Array.from({ length: AT_ONCE }, () => killScene()));
      try {
        const [first] = scenes;
        if (!first) return;
        const base = ["install", "--yes", "--tls", "none", "--domain", "apps.example.com"];
        for (const scene of scenes) expect((await scene.run(...base)).code).toBe(0);
        const moments = await first.killAt(Number.POSITIVE_INFINITY, ...command(first, dns, "k0.example.com"));
        settled(first, "k0.example.com", false, "undisturbed");
        const places = sampled(
          [...moments.keys()].filter((index) => sample(moments[index] ?? "")),
          48,
        );
        const free = [...scenes];
        const kills: Moment[] = [];
        let convergences = 0;
        await atOnce(AT_ONCE, places, async (index) => {
          const scene = free.pop();
          if (!scene) throw new Error("more at once than worlds");
          const domain = `k${index + 1}.example.com`;
          const isShared = index % 2 === 0;
          await prepare(scene, domain, isShared);
          const lived = await scene.killAt(index + 1, ...command(scene, dns, domain));
          const when = `killed ${lived.at(-1)}`;
          if (lived.length === index + 1) kills.push(when);
          const again = await scene.run(...command(scene, dns, domain));
          expect(again.code, `${when}: ${again.stderr}`).toBe(0);
          settled(scene, domain, isShared, when);
          convergences += 1;
          free.push(scene);
        });
        process.stdout.write(
          `resume: certificate and records, ${dns}: kills: ${kills.length}, convergences: ${convergences}\n`,
        );
        if (process.env.KN_TEST_VERBOSE) process.stdout.write(`${moments.join("\n")}\n`);
        expect({ kills: kills.length, convergences }).toEqual({ kills: places.length, convergences: places.length });
      } finally {
        await Promise.all(scenes.map((scene) => scene.close()));
      }
    });
  },
);

it("Ctrl-C while the challenge stands in the zone takes it away again, and the next run goes on", async () => {
  const scene = await killScene();
  const places = [
    { moment: "after the zone's change", n: 2 },
    { moment: "before CA /challenge", n: 1 },
    { moment: "after CA /challenge", n: 1 },
  ];
  for (const [index, { moment, n }] of places.entries()) {
    const domain = `c${index}.example.com`;
    const outcome = await scene.interruptAt(moment, n, ...command(scene, "route53", domain));
    expect(outcome.code, outcome.stderr).toBe(130);
    expect(challengesIn(scene), moment).toEqual([]);
    const again = await scene.run(...command(scene, "route53", domain));
    expect(again.code, again.stderr).toBe(0);
    settled(scene, domain, false, moment);
  }
  await scene.close();
});
