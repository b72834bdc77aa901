import { afterAll, describe, expect, it } from "vitest";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { dataOf, type KubeObject, describe as nameOf } from "../../src/ports/object.ts";
import { bringStack } from "../metrics/operator.ts";
import { isThorough } from "../thorough.ts";
import { kn, type Outcome, stage } from "./cli.ts";

/** Every ingress with every kind of logging and of metrics: there, silent, proved, and gone. */

const INGRESSES = ["kourier", "istio"] as const;
const LOGGING = ["none", "request-logs", "fluent-bit", "elasticsearch"] as const;
const METRICS = ["none", "prometheus"] as const;
const PLAIN = ["--dns", "none", "--domain", "apps.example.com", "--tls", "none"];

interface Cell {
  readonly logging: (typeof LOGGING)[number];
  readonly metrics: (typeof METRICS)[number];
}

type World = Awaited<ReturnType<typeof stage>>;

const CELLS: readonly Cell[] = LOGGING.flatMap((logging) => METRICS.map((metrics) => ({ logging, metrics })));
/** All that there is, with the ingress that has more. */
const isEnough = (ingress: string, { logging, metrics }: Cell): boolean =>
  ingress === "istio" && logging === "elasticsearch" && metrics === "prometheus";

const results: string[] = [];
afterAll(() => {
  process.stderr.write(`${["ingress  logging        metrics     proved, silent, gone", ...results].join("\n")}\n`);
});

const cellsOf = (ingress: string) => CELLS.filter((cell) => isThorough || isEnough(ingress, cell));

describe.each(INGRESSES.filter((ingress) => cellsOf(ingress).length > 0))("%s", (ingress) => {
  let place: Promise<{ readonly world: World; readonly before: readonly string[] }> | undefined;
  const open = async () => {
    const world = await stage();
    await bringStack(world);
    return { world, before: await contentsOf(world) };
  };
  afterAll(async () => (await place)?.world.close());

  it.each(cellsOf(ingress))("with --logging $logging and --metrics $metrics", async ({ logging, metrics }) => {
    place ??= open();
    const { world, before } = await place;
    const run = (command: string, ...args: readonly string[]): Promise<Outcome> =>
      kn({ ...world, standIns: true }, [command, "--yes", ...args, "-o", "json"]);

    const first = await run("install", ...PLAIN, "--ingress", ingress, "--logging", logging, "--metrics", metrics);
    expect(first.code, first.stderr + first.stdout).toBe(0);
    const found = findingsOf(first);
    expect(found["logging.arrived"]).toEqual(
      logging === "fluent-bit" || logging === "elasticsearch"
        ? expect.stringMatching(/^ok: the log of a request has arrived: status 200, latency /)
        : undefined,
    );
    expect(found["metrics.requests"]).toEqual(
      metrics === "prometheus" ? expect.stringMatching(/^ok: \d+ requests? (is|are) counted/) : undefined,
    );
    const settings = observability(world);
    expect(settings["logging.enable-request-log"]).toBe(logging === "none" ? undefined : "true");
    expect(settings["metrics-protocol"]).toBe(metrics === "none" ? undefined : "prometheus");

    const again = await run("install");
    expect([again.code, again.stats.writes], again.stderr).toEqual([0, 0]);

    const gone = await run("uninstall");
    expect(gone.code, gone.stderr).toBe(0);
    const claims = world.api.list("v1", "PersistentVolumeClaim").map(({ metadata }) => metadata.name);
    expect(claims).toEqual(logging === "elasticsearch" ? ["data-elasticsearch-0"] : []);
    const purged = await run("uninstall", "--purge");
    expect(purged.code, purged.stderr).toBe(0);
    await expect.poll(() => contentsOf(world)).toEqual(before);
    const proof = [found["logging.arrived"], found["metrics.requests"]].filter(Boolean).join("; ");
    results.push(`${ingress.padEnd(9)}${logging.padEnd(15)}${metrics.padEnd(12)}${proof || "ok"}`);
  });
});

const findingsOf = ({ events }: Outcome): Readonly<Record<string, string>> =>
  Object.fromEntries(
    events
      .flatMap(({ findings }) => (Array.isArray(findings) ? findings : []))
      .map(({ id, status, summary }) => [id, `${status}: ${summary}`]),
  );

const observability = ({ api }: World) =>
  dataOf(
    api.get({ apiVersion: "v1", kind: "ConfigMap", namespace: "knative-serving", name: "config-observability" }) as
      | KubeObject
      | undefined,
  );

/** Every object by kind and name, but Events. */
const contentsOf = async ({ kubeconfig }: World): Promise<readonly string[]> => {
  const cluster = openCluster(await loadKubeconfig({ path: kubeconfig, env: {} }));
  const kinds = (await cluster.resources()).filter(({ verbs, kind }) => verbs.includes("list") && kind !== "Event");
  const lists = await Promise.all(kinds.map(({ apiVersion, kind }) => cluster.list({ apiVersion, kind })));
  cluster.close();
  return lists.flat().map(nameOf).sort();
};
