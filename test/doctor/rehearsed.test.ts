import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KOURIER, SERVING } from "../../src/checks/whole/needed.ts";
import { refOf } from "../../src/sandbox/objects.ts";
import type { Obj, Ref } from "../../src/sandbox/types.ts";
import { kn, stage } from "../engine/cli.ts";
import { patient } from "../patience.ts";
import { sampled } from "../thorough.ts";

const INSTALL = ["install", "--yes", "--skip-checks", "proof.zero", "--tls", "self-signed", "--dns", "magic"];
const SERVICE: Obj = {
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  metadata: { namespace: "default", name: "hello" },
  spec: {
    template: {
      metadata: { annotations: { "autoscaling.knative.dev/min-scale": "1" } },
      spec: { containers: [{ image: "ghcr.io/knative/helloworld-go" }] },
    },
  },
};
const LONGEST_MS = patient(10_000);

type World = Awaited<ReturnType<typeof stage>>;

/** A fault that no failed install leaves to be seen: in a cluster that works, what makes it felt, and the check that leads then. */
interface Felt {
  readonly fault: string;
  readonly leads: string;
  readonly provoke: (world: World) => Promise<unknown>;
}

const restart = (namespace: string, name: string) => async (world: World) => {
  const pods = world.api.list("v1", "Pod", namespace).filter(({ metadata }) => metadata.name.startsWith(name));
  await Promise.all(
    pods.map(({ metadata }) => world.api.remove({ apiVersion: "v1", kind: "Pod", namespace, name: metadata.name })),
  );
};
/** Its pods go, and controllers of Knative write what has become of it. */
const scale = restart("default", "hello");
const touch = (ref: Ref) => (world: World) =>
  world.api.update("kubectl-annotate", ref, (draft) => {
    draft.metadata.annotations = { ...draft.metadata.annotations, touched: String(Math.random()) };
  });
const NETWORK: Ref = { apiVersion: "v1", kind: "ConfigMap", namespace: "knative-serving", name: "config-network" };

const FELT: readonly Felt[] = [
  { fault: "webhook-wrong-ca:600", leads: "serving.admission", provoke: scale },
  { fault: "webhook-timeout:600", leads: "serving.admission", provoke: scale },
  { fault: "field-fight:600", leads: "network.scheme", provoke: touch(NETWORK) },
  { fault: "clock-skew:-7200", leads: "cluster.clock", provoke: async () => {} },
];

describe("doctor, at a rehearsed cluster that worked until now", { timeout: patient(60_000) }, () => {
  let world: World;
  beforeAll(async () => {
    world = await stage();
    expect(await kn({ ...world, standIns: true }, INSTALL)).toMatchObject({ code: 0 });
    await world.api.create("test", structuredClone(SERVICE));
    await until(async () => (await lead()) === undefined);
  }, patient(60_000));
  afterAll(() => world?.close());

  const lead = async (): Promise<string | undefined> => {
    const { events } = await kn(world, ["doctor", "-o", "json"]);
    const causes = (events.at(-1)?.causes ?? []) as readonly { readonly id: string }[];
    return causes[0]?.id;
  };
  const until = async (isSo: () => Promise<boolean>): Promise<void> => {
    const end = performance.now() + LONGEST_MS;
    while (!(await isSo()) && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
  };

  it.each(sampled(FELT, 2).map((one) => [one.fault, one] as const))(
    "names %s",
    async (_name, { fault, leads, provoke }) => {
      await world.faults.start(fault);
      await provoke(world);
      await until(async () => (await lead()) === leads);
      expect(await lead()).toBe(leads);
      await world.faults.end();
      await Promise.all(world.api.list("v1", "Event").map((event) => world.api.remove(refOf(event))));
      await world.api.update("test", NETWORK, (draft) => {
        draft.data["default-external-scheme"] = "https";
      });
      await until(async () => (await lead()) === undefined);
    },
  );

  it("names the gateway's Service when it selects no pod, until it does again", async () => {
    const gateway: Ref = { apiVersion: "v1", kind: "Service", namespace: "kourier-system", name: "kourier" };
    const selector = world.api.get(gateway)?.spec.selector;
    const select = (labels: object) =>
      world.api.update("kubectl-patch", gateway, (draft) => {
        draft.spec.selector = labels;
      });
    await select({ app: "wrong" });
    await until(async () => (await lead()) === "ingress.endpoints");
    expect(await lead()).toBe("ingress.endpoints");
    await select(selector);
    await until(async () => (await lead()) === undefined);
    expect(await lead()).toBeUndefined();
  });

  it.each(["Kourier", "own.example.com"])("names the class %s, which no controller has", async (written) => {
    const right = world.api.get(NETWORK)?.data["ingress-class"];
    const name = (className: string) =>
      world.api.update("kubectl-edit", NETWORK, (draft) => {
        draft.data["ingress-class"] = className;
      });
    await name(written);
    const ingress: Ref = {
      apiVersion: "networking.internal.knative.dev/v1alpha1",
      kind: "Ingress",
      namespace: "default",
      name: "hello",
    };
    // The Route's controller gives its Ingress the class, which is no new generation: it stays ready.
    await until(
      async () => world.api.get(ingress)?.metadata.annotations?.["networking.knative.dev/ingress.class"] === written,
    );
    expect(world.api.get(ingress)?.metadata.annotations?.["networking.knative.dev/ingress.class"]).toBe(written);
    expect(await lead()).toBe("network.class");
    await name(right);
    await until(async () => (await lead()) === undefined);
    expect(await lead()).toBeUndefined();
  });

  it("names what was deleted of the release, and the install that it sends to makes all of it again", async () => {
    const gone: readonly Ref[] = [
      ...[SERVING, KOURIER].flatMap(({ services, configMaps }) => [
        ...services.map(({ name }) => ({ kind: "Service", name })),
        ...configMaps.map(({ name }) => ({ kind: "ConfigMap", name })),
      ]),
    ].map(({ kind, name }) => ({
      apiVersion: "v1",
      kind,
      namespace: /^kourier-/.test(name) ? "kourier-system" : "knative-serving",
      name,
    }));
    for (const ref of gone) await world.api.remove(ref);
    expect(gone.filter((ref) => world.api.get(ref))).toEqual([]);
    expect(await lead()).toBe("knative.whole");
    expect(await kn({ ...world, standIns: true }, INSTALL)).toMatchObject({ code: 0 });
    expect(gone.filter((ref) => !world.api.get(ref))).toEqual([]);
    await until(async () => (await lead()) === undefined);
    expect(await lead()).toBeUndefined();
  });
});
