import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { CHOICES, flagOf } from "../../src/config/options.ts";
import { dataOf, type KubeObject } from "../../src/ports/object.ts";
import { anyChoices, type Wish } from "../choices/any-choices.ts";
import { isThorough } from "../thorough.ts";
import { kn, type Outcome, stage } from "./cli.ts";

type World = Awaited<ReturnType<typeof stage>>;

const OWN = ["--dns", "none", "--domain", "apps.example.com", "--tls", "self-signed"];
const STATE = { apiVersion: "v1", kind: "ConfigMap", namespace: "kn-bootstrap", name: "state" };

const oneLine = (text: string): string => text.replace(/\s+/g, " ");

describe("what was chosen before", () => {
  let world: World;
  afterEach(() => world.close());

  const start = async () => {
    world = await stage();
    const run = (args: readonly string[], env: Record<string, string> = {}) =>
      kn({ ...world, standIns: true }, args, { env: { COLUMNS: "200", ...env } });
    const install = async (...args: readonly string[]): Promise<Outcome> => {
      const outcome = await run(["install", "--yes", ...args]);
      expect(outcome.code, outcome.stderr).toBe(0);
      return outcome;
    };
    return { run, install, plan: (...args: readonly string[]) => run(["plan", "--exit-code", ...args]) };
  };
  const data = (name: string, namespace = "knative-serving") =>
    dataOf(world.api.get({ apiVersion: "v1", kind: "ConfigMap", namespace, name }) as KubeObject | undefined);
  const domains = () => Object.keys(data("config-domain")).filter((key) => !key.startsWith("_"));
  const choices = (): Record<string, unknown> => JSON.parse(data("state", "kn-bootstrap").choices ?? "{}");
  /** As another version of ours would have written them, or as somebody at an editor. */
  const rewrite = async (change: (text: string) => string) => {
    const cluster = openCluster(await loadKubeconfig({ path: world.kubeconfig, env: {} }));
    const { labels = {} } = (await cluster.get(STATE))?.metadata ?? {};
    const { choices: text = "", versions = "" } = data("state", "kn-bootstrap");
    const { apiVersion, kind, namespace, name } = STATE;
    const object = {
      apiVersion,
      kind,
      metadata: { namespace, name, labels },
      data: { choices: change(text), versions },
    };
    await cluster.apply(object, { manager: "kn-bootstrap" });
    cluster.close();
  };
  const edit = (change: (text: string) => string) =>
    world.api.update("kubectl-edit", STATE, (draft) => {
      draft.data.choices = change(draft.data.choices);
    });

  it("is what the next run goes by: with fewer flags nothing changes", async () => {
    const { run, install } = await start();
    await install(...OWN, "--http", "enabled", "--key-type", "rsa");
    for (const [args, env] of [
      [[], {}],
      [["--tls", "self-signed"], { KN_BOOTSTRAP_DOMAIN: "apps.example.com" }],
      [["--key-type", "rsa"], { KN_BOOTSTRAP_CONTEXT: "rehearsal" }],
    ] as const) {
      const plan = await run(["plan", "--exit-code", ...args], env);
      expect(plan.code, plan.stdout).toBe(0);
    }
    const again = await install();
    expect(again.stdout).toContain("Nothing to do");
    expect(again.stats.writes).toBe(0);
    expect(Object.entries(again.stats.lists).filter(([, count]) => count > 1)).toEqual([]);
    expect(domains()).toEqual(["apps.example.com"]);
    expect((await run(["status"])).stdout).toMatch(
      /Chosen +--domain apps\.example\.com --key-type rsa --http enabled\n/,
    );
  });

  it("is told where something else is said: in words, with what it means, for people and programs alike", async () => {
    const { run, install, plan } = await start();
    await install(...OWN);
    const text = await plan("--dns", "magic");
    expect(text.code, text.stderr).toBe(3);
    expect(text.stdout).toMatch(
      /^Choices that change\n {2}~ domain: apps\.example\.com → magic \(--dns magic does not go with --domain apps\.example\.com\)\n {6}Every URL changes/,
    );
    expect(text.stdout).toMatch(/\n {2}~ dns: none → magic\n/);
    expect(text.stdout).toMatch(/\n {2}~ ConfigMap kn-bootstrap\/state\n\n/);
    expect(text.stdout).not.toMatch(/~ tls: |\.data\.choices|\\n/);
    const json = await run(["plan", "--dns", "magic", "-o", "json"]);
    const event = json.events.find(({ type }) => type === "plan") as unknown as { choices: object[]; steps: object[] };
    expect(event.choices).toEqual([
      expect.objectContaining({ option: "domain", from: "apps.example.com", to: "magic" }),
      { option: "dns", from: "none", to: "magic", means: "The name is made from the gateway's address." },
    ]);
    expect(JSON.stringify(event.steps)).not.toContain("skip-tag-resolution");
    await install("--dns", "magic");
    expect(domains()).toEqual([expect.stringMatching(/\.sslip\.io$/)]);
    expect((await plan()).code).toBe(0);
  });

  it("that changes nothing else is still shown, and kept", async () => {
    const { install, plan } = await start();
    await install(...OWN);
    const changed = await plan("--key-type", "rsa");
    expect(changed.stdout).toMatch(/^Choices that change\n {2}~ key-type: ecdsa → rsa\n {6}It counts from the next/);
    await install("--key-type", "rsa");
    expect((await plan()).code).toBe(0);
    expect(choices()["key-type"]).toBe("rsa");
  });

  it("is taken back one by one, or all at once", async () => {
    const { run, install, plan } = await start();
    await install(...OWN, "--hpa", "--http", "enabled");
    const one = await plan("--reset-choice", "http");
    expect(one.stdout).toContain("~ http: enabled → redirect (it was taken back)");
    expect(one.stdout).not.toContain("hpa:");
    const all = await plan("--reset-choices", "--domain", "apps.example.com");
    expect(all.stdout).toMatch(/~ hpa: on → off \(it was taken back\).*~ http: enabled → redirect/s);
    expect(all.stdout).not.toContain("domain:");
    await install("--reset-choices");
    expect(choices()).toMatchObject({ hpa: false, dns: "magic", http: "redirect" });
    const wrong = await run(["plan", "--reset-choice", "adress"]);
    expect([wrong.code, oneLine(wrong.stderr)]).toEqual([2, expect.stringContaining("Did you mean address?")]);
  });

  it("is what renew and uninstall go on with; what the options say otherwise is noted", async () => {
    const { run, install } = await start();
    await install(...OWN);
    const other = { KN_BOOTSTRAP_DOMAIN: "other.example.com" };
    const renewed = await run(["renew", "--yes"], other);
    expect(renewed.code, renewed.stderr).toBe(0);
    expect(oneLine(renewed.stderr)).toContain("domain other.example.com (it is apps.example.com)");
    expect((await run(["renew", "--yes"])).stderr).not.toContain("something else");
    expect((await run(["uninstall", "--yes"], other)).code).toBe(0);
    // The namespace keeps it for the next install.
    await install();
    expect(domains()).toEqual(["apps.example.com"]);
  });

  it("by another version of ours stays, and what cannot be used of it changes nothing without a word", async () => {
    const { run, install, plan } = await start();
    await install(...OWN);
    await rewrite((text) => text.replace("{", '{ "traces": "zipkin",'));
    await install();
    const unknown = await plan();
    expect([unknown.code, oneLine(unknown.stderr)]).toEqual([0, expect.stringContaining("does not know: traces.")]);
    await install("--hpa");
    expect(choices()).toMatchObject({ traces: "zipkin", hpa: true });

    await rewrite((text) => text.replace('"dns": "none"', '"dns": "gandi"'));
    const shown = await plan();
    expect(shown.code, shown.stderr).toBe(3);
    expect(oneLine(shown.stderr)).toMatch(
      /keeps the choice dns as "gandi", which this version cannot use: It takes route53/,
    );
    expect(shown.stdout).toContain('~ dns: "gandi" → none (this version cannot use what was chosen)');
    const refused = await run(["install", "--yes"]);
    expect([refused.code, refused.stats.writes]).toEqual([2, 0]);
    expect(oneLine(refused.stderr)).toMatch(/"gandi".*kn-bootstrap plan --reset-choice/);
    for (const command of ["status", "uninstall"])
      expect(oneLine((await run([command])).stderr), command).toContain('as "gandi"');
    expect((await run(["renew", "--check"])).code).toBe(3);
    await install("--dns", "none", "--logging", "none");
    expect(choices()).toMatchObject({ dns: "none", traces: "zipkin" });
    expect((await plan()).code).toBe(0);
  });

  it("that is no JSON at all is told as that", async () => {
    const { run, install, plan } = await start();
    await install(...OWN);
    await edit(() => "{ tls:");
    expect(oneLine((await plan()).stderr)).toContain("keeps choices as { tls:, which this version cannot use");
    expect((await run(["install", "--yes", ...OWN])).code).toBe(2);
    expect((await run(["status"])).code).toBe(0);
    const theirs = await run(["install", "--yes", "--reset-choices", ...OWN]);
    expect([theirs.code, oneLine(theirs.stderr)]).toEqual([1, expect.stringContaining("owned by kubectl-edit")]);
    await install("--reset-choices", "--take-ownership", ...OWN);
    expect((await plan()).code).toBe(0);
  });

  it("is asked for only where it could mend what is said", async () => {
    const { run } = await start();
    const dead = { ...world, standIns: true, kubeconfig: "/nowhere" };
    const alone = await kn(dead, ["plan", "--dns", "magic", "--domain", "apps.example.com"]);
    expect([alone.code, oneLine(alone.stderr)]).toEqual([2, expect.stringContaining("--dns magic does not go with")]);
    const mendable = await run(["install", "--yes", "--dns", "manual"]);
    expect([mendable.code, mendable.stats.writes]).toEqual([2, 0]);
    expect(oneLine(mendable.stderr)).toContain("--dns manual needs --domain");
  });
});

/** What this world can do without an internet around it, without images from elsewhere, and with the nodes and storage that it has. */
const isHere = ({ domain, dns = "none", tls = "self-signed", address, expose, ...others }: Wish): boolean =>
  ["none", "magic"].includes(String(dns)) &&
  ["none", "self-signed"].includes(String(tls)) &&
  String(domain ?? "").length < 100 &&
  address === undefined &&
  expose !== "nodeport" &&
  [others.istioGateway, others.imageRegistry, others.loggingUrl, others.loggingNodes, others.loggingStorageClass].every(
    (one) => one === undefined,
  );

const flagsFor = (wish: Wish): readonly string[] =>
  CHOICES.flatMap((option) => {
    const raw = wish[option.key];
    if (raw === undefined || (Array.isArray(raw) && raw.length === 0)) return [];
    if (typeof raw === "boolean") return [raw ? flagOf(option) : flagOf(option).replace("--", "--no-")];
    return [flagOf(option), String(raw)];
  });

describe("any installation", () => {
  const sets = fc.sample(anyChoices.filter(isHere), isThorough ? 8 : 2).map(flagsFor);

  it.each(sets.map((flags, index) => ({ flags, set: index + 1 })))(
    "of set $set stays without flags",
    async ({ flags }) => {
      const world = await stage();
      const run = (...args: readonly string[]) => kn({ ...world, standIns: true }, args);
      try {
        const made = await run("install", "--yes", ...flags);
        expect(made.code, `${flags.join(" ")}: ${made.stderr}`).toBe(0);
        const plan = await run("plan", "--exit-code");
        expect(plan.code, `${flags.join(" ")}: ${plan.stdout}`).toBe(0);
        const again = await run("install", "--yes", ...flags);
        expect([again.code, again.stats.writes], again.stderr).toEqual([0, 0]);
      } finally {
        await world.close();
      }
    },
  );
});
