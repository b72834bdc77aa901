import { makeRoot } from "../../src/certificates/x509.ts";
import type { Door, Order } from "../../src/sandbox/cert-manager/index.ts";
import { sign } from "../../src/sandbox/cert-manager/signing.ts";
import { conditionOf, isTrue } from "../../src/sandbox/objects.ts";
import { standInObjects } from "../../src/sandbox/stand-ins/index.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import { startWorld, type World, type WorldOptions } from "../../src/sandbox/world.ts";
import { apply, deployment, isAvailable, merge, until } from "./install.ts";

/** cert-manager in a world, with a CA that is a function. */

export const API = "cert-manager.io/v1";
export const ACME = "acme.cert-manager.io/v1";
const DIRECTORY = "https://ca.example.com/directory";

export interface Ca extends Door {
  /** PEM */
  readonly root: string;
  readonly orders: Order[];
  /** Called before each answer; rejects in the CA's place. */
  before: (order: Order) => Promise<void>;
  lifetimeMs: number | undefined;
}

export const createCa = async (): Promise<Ca> => {
  const authority = await makeRoot("An ACME CA", new Date(), 30);
  const ca: Ca = {
    root: authority.certificate,
    orders: [],
    before: async () => {},
    lifetimeMs: undefined,
    register: async ({ directory }) => {
      if (directory !== DIRECTORY) throw new Error(`Get "${directory}": dial tcp: lookup nowhere: no such host`);
      return `${DIRECTORY}/account/1`;
    },
    issue: async (order) => {
      ca.orders.push(order);
      await ca.before(order);
      return `${await sign(order.csr, { authority }, ca.lifetimeMs)}${authority.certificate}`;
    },
  };
  return ca;
};

export const start = async (options: WorldOptions = {}): Promise<World> => startWorld(options);

const isDefinition = ({ kind }: Obj): boolean => kind === "CustomResourceDefinition";

/** Its Deployments available; its webhook need not answer yet. */
export const applyCertManager = async (
  world: World,
  objects: readonly Obj[] = standInObjects("cert-manager", "1.18.0", "cert-manager.yaml"),
): Promise<void> => {
  const definitions = objects.filter(isDefinition);
  await apply(world, ...definitions);
  await until(world, "the CRDs established", () =>
    definitions.every(({ apiVersion, kind, metadata }) =>
      isTrue(world.api.get({ apiVersion, kind, name: metadata.name }), "Established"),
    ),
  );
  await apply(
    world,
    ...objects.filter((object) => !isDefinition(object) && object.metadata.namespace !== "kube-system"),
  );
  const names = ["cert-manager", "cert-manager-webhook", "cert-manager-cainjector"];
  await until(world, "cert-manager available", () =>
    isAvailable(world, ...names.map((name) => deployment(name, "cert-manager"))),
  );
};

export const untilAnswers = (world: World): Promise<unknown> =>
  until(world, "the webhook's CA handed out", () =>
    ["Mutating", "Validating"].every(
      (kind) =>
        world.api.get({
          apiVersion: "admissionregistration.k8s.io/v1",
          kind: `${kind}WebhookConfiguration`,
          name: "cert-manager-webhook",
        })?.webhooks[0].clientConfig.caBundle,
    ),
  );

/** Throws with the API's message when it is refused. */
export const applyIssuer = async (world: World, spec: object, name = "kn-bootstrap"): Promise<void> => {
  const { status, body } = await world.api.request({
    method: "PATCH",
    path: `/apis/${API}/clusterissuers/${name}`,
    query: { fieldManager: "kn-bootstrap", force: "true" },
    headers: { "content-type": "application/apply-patch+yaml" },
    body: { apiVersion: API, kind: "ClusterIssuer", metadata: { name }, spec },
  });
  if (status >= 300) throw new Error((body as Obj).message);
};

export const acme = (solver: object = { dns01: { rfc2136: { nameserver: "127.0.0.1:53" } } }): object => ({
  acme: { server: DIRECTORY, privateKeySecretRef: { name: "account" }, solvers: [solver] },
});

export const issuer = (world: World, name = "kn-bootstrap"): Obj | undefined =>
  world.api.get({ apiVersion: API, kind: "ClusterIssuer", name });

export const untilIssuer = (world: World, name?: string): Promise<unknown> =>
  until(world, "the issuer ready", () => isTrue(issuer(world, name), "Ready"));

/** A working cert-manager with an ACME issuer. */
export const installCertManager = async (world: World): Promise<void> => {
  await applyCertManager(world);
  await untilAnswers(world);
  await applyIssuer(world, acme());
  await untilIssuer(world);
};

export const readyOf = (object: Obj | undefined) => conditionOf(object, "Ready");

export const restart = async (world: World, ref = deployment("controller")): Promise<void> => {
  const annotations = { "kubectl.kubernetes.io/restartedAt": String(performance.now()) };
  await merge(world, ref, { spec: { template: { metadata: { annotations } } } });
  await until(world, `${ref.name} restarted`, () => {
    const found = world.api.get(ref);
    return (
      conditionOf(found, "Progressing")?.reason === "NewReplicaSetAvailable" &&
      found?.status.observedGeneration === found?.metadata.generation
    );
  });
};
