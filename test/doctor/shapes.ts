import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseRecording, type Recording } from "../../src/app/doctor/recording.ts";
import type { DirectoryInfo } from "../../src/ports/authority.ts";
import type { ProbeResponse } from "../../src/ports/http.ts";
import { isRecord, type KubeObject, textAt } from "../../src/ports/object.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import { kn, stage } from "../engine/cli.ts";
import { openOutside } from "../engine/option-sets.ts";
import type { SceneZone } from "./dns.ts";
import { object, type Scene } from "./scene.ts";
import { contour, gatewayApi } from "./seen-shapes.ts";

/** Two Services that people use, of which one is private. */
const services = ["hello", "inside"].map(
  (name): Obj => ({
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: {
      namespace: "default",
      name,
      ...(name === "inside" ? { labels: { "networking.knative.dev/visibility": "cluster-local" } } : {}),
    },
    spec: { template: { spec: { containers: [{ image: "ghcr.io/knative/helloworld-go" }] } } },
  }),
);

/** What doctor reads of a rehearsed installation with Services in it. */
const record = async (args: readonly string[], certManager: boolean): Promise<Recording> => {
  const { internet, caFile } = await openOutside();
  const folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-shapes-"));
  const world = await stage({ outside: internet, ...(certManager ? { certManager: internet.door } : {}) });
  try {
    const ca = ["--acme-directory", internet.acme.directory, "--acme-ca-file", caFile];
    const domain = ["--dns", "route53", "--domain", "apps.example.com", "--skip-checks", "proof.zero"];
    const at = { ...world, standIns: true, internet };
    const installed = await kn(at, ["install", "--yes", ...domain, ...args, ...ca]);
    if (installed.code !== 0) throw new Error(installed.stderr);
    for (const service of services) await world.api.create("test", service);
    const isReady = ({ metadata: { namespace = "", name } }: Obj): boolean =>
      world.api
        .get({ apiVersion: "serving.knative.dev/v1", kind: "Service", namespace, name })
        ?.status?.conditions?.some((one: Obj) => one.type === "Ready" && one.status === "True") === true;
    while (!services.every(isReady)) await new Promise((resolve) => setTimeout(resolve, 20));
    const file = join(folder, "recording.json");
    await kn(at, ["doctor", "--save", file]);
    return parseRecording(await readFile(file, "utf8"), file);
  } finally {
    await Promise.all([world.close(), internet.close(), rm(folder, { recursive: true, force: true })]);
  }
};

/** The zone that was written to, with what was published in it. */
const zonesOf = (objects: readonly KubeObject[]): readonly SceneZone[] => {
  const state = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "state");
  const { zone, sets } = JSON.parse(dataOf(state as KubeObject).records ?? "{}");
  const records = (sets as readonly { name: string; type: string; values: readonly string[] }[]).flatMap(
    ({ name, type, values }) => values.map((value) => `${name} ${type} ${type === "TXT" ? `"${value}"` : value}`),
  );
  const system = objects.find(({ kind, metadata }) => kind === "Namespace" && metadata.name === "kube-system");
  const mark = `_kn-bootstrap.apps TXT "heritage=kn-bootstrap,id=${system?.metadata.uid}"`;
  return [
    {
      name: zone.name,
      servers: { "ns1.example.net": "192.0.2.1", "ns2.example.net": "192.0.2.2" },
      records: [...records, mark],
    },
  ];
};

/** The objects of a recording, and its answers from outside the cluster. */
const sceneOf = ({ answers, at }: Recording): Scene => {
  const outside = (asked: string) => answers.filter((one) => one.asked === asked);
  const found = (asked: string, is: (of: Readonly<Record<string, unknown>>) => boolean) =>
    outside(asked).find(({ of }) => isRecord(of) && is(of))?.answer as never;
  const held = answers.flatMap(({ asked, answer }) =>
    asked === "list" && Array.isArray(answer) ? answer : asked === "get" && answer ? [answer] : [],
  );
  const directory: DirectoryInfo | undefined = found("directory", () => true);
  return {
    objects: held as readonly KubeObject[],
    now: at,
    ...(directory ? { authority: { answer: directory } } : {}),
    internet: { zones: zonesOf(held as readonly KubeObject[]) },
    probe: (request) => {
      const response: ProbeResponse | undefined = found(
        "probe",
        (of) => JSON.stringify(of) === JSON.stringify(request),
      );
      if (!response) throw new Error("connect ECONNREFUSED");
      return response;
    },
  };
};

export const change = (
  scene: Scene,
  edit: (object: KubeObject) => KubeObject | undefined,
  ...more: readonly KubeObject[]
): Scene => ({
  ...scene,
  objects: [...scene.objects.flatMap((one) => edit(structuredClone(one)) ?? []), ...more],
});

const HOME = "kn-bootstrap";

/** The same, had it been installed by somebody else: without our namespace, labels and marks. */
const ofOthers = (scene: Scene): Scene =>
  change(scene, (one) => {
    const { namespace, name, labels = {}, annotations = {}, managedFields: _fields, ...metadata } = one.metadata;
    if (namespace === HOME || (one.kind === "Namespace" && name === HOME)) return undefined;
    const theirs = (entries: Readonly<Record<string, string>>) =>
      Object.fromEntries(Object.entries(entries).filter(([key]) => !key.startsWith("kn-bootstrap/")));
    return {
      ...one,
      metadata: {
        ...metadata,
        name,
        ...(namespace ? { namespace } : {}),
        labels: theirs(labels),
        annotations: theirs(annotations),
      },
    };
  });

const dataOf = (one: KubeObject): Record<string, string> => (one.data ?? {}) as Record<string, string>;
const isConfig = (one: KubeObject, name: string): boolean => one.kind === "ConfigMap" && one.metadata.name === name;
const withData = (one: KubeObject, data: Readonly<Record<string, string>>): KubeObject => ({
  ...one,
  data: { ...dataOf(one), ...data },
});
const isUserService = (one: KubeObject): boolean =>
  one.apiVersion.startsWith("serving.knative.dev") && one.kind === "Service";
const withUrl = (one: KubeObject, url: (name: string) => string): KubeObject =>
  isUserService(one) && !("networking.knative.dev/visibility" in (one.metadata.labels ?? {}))
    ? { ...one, status: { ...(one.status as object), url: url(one.metadata.name) } }
    : one;

/** Without a certificate at the gateway, at an address of sslip.io: what the quickstart plugin makes on kind. */
const quickstart = (scene: Scene): Scene =>
  change(ofOthers(scene), (one) => {
    if (isConfig(one, "config-kourier")) return { ...one, data: {} };
    if (isConfig(one, "config-domain")) return { ...one, data: { "127.0.0.1.sslip.io": "" } };
    if (isConfig(one, "config-network"))
      return { ...one, data: { "ingress-class": dataOf(one)["ingress-class"] ?? "" } };
    if (one.kind === "Node")
      return { ...one, spec: { ...(one.spec as object), providerID: "kind://docker/knative/knative-control-plane" } };
    return withUrl(one, (name) => `http://${name}.default.127.0.0.1.sslip.io`);
  });

const served = { "certs-secret-namespace": "certs", "certs-secret-name": "wildcard" };
/** With the certificate of somebody's own that the gateway serves. */
const withOwnSecret = (scene: Scene): Scene => {
  const ours = scene.objects.find((one) => one.kind === "Secret" && one.metadata.name === "wildcard-tls");
  const secret = { ...object("Secret", "certs/wildcard", { type: "kubernetes.io/tls", data: ours?.data }) };
  return change(ofOthers(scene), (one) => (isConfig(one, "config-kourier") ? withData(one, served) : one), secret);
};

const operator = (scene: Scene): Scene =>
  change(
    withOwnSecret(scene),
    (one) => one,
    object("KnativeServing.operator.knative.dev/v1beta1", "knative-serving/knative-serving", {
      spec: { version: "1.23" },
      status: { version: "1.23.0", conditions: [{ type: "Ready", status: "True" }] },
    }),
    object("Deployment.apps/v1", "knative-operator/knative-operator", {
      spec: { replicas: 1 },
      status: { replicas: 1, availableReplicas: 1 },
    }),
  );

/** Kourier stands in a namespace of its own behind OpenShift's router, and the operator writes the older keys (platform facts, E3). */
const openshift = (scene: Scene): Scene => {
  const place = "knative-serving-ingress";
  return change(
    operator(scene),
    (one) => {
      if (one.metadata.namespace === "kourier-system") one.metadata.namespace = place;
      if (one.kind === "Deployment" && one.metadata.name === "net-kourier-controller") one.metadata.namespace = place;
      if (one.kind === "Namespace" && one.metadata.name === "kourier-system") one.metadata.name = place;
      if (isConfig(one, "config-kourier")) return { ...one, data: {} };
      if (isConfig(one, "config-network")) {
        const { "ingress-class": kept = "", "domain-template": template = "" } = dataOf(one);
        return {
          ...one,
          data: {
            "ingress.class": kept,
            domainTemplate: template,
            defaultExternalScheme: "https",
            autocreateClusterDomainClaims: "true",
          },
        };
      }
      if (one.apiVersion === "v1" && one.kind === "Service" && one.metadata.name === "kourier")
        return { ...one, spec: { ...(one.spec as object), type: "ClusterIP" }, status: {} };
      return one;
    },
    object("ClusterVersion.config.openshift.io/v1", "version"),
  );
};

const ELB = "k8s-kourier-0123456789.elb.eu-central-1.amazonaws.com";
const eks = (scene: Scene): Scene => {
  const gateway = scene.objects.find(
    (one) => one.apiVersion === "v1" && one.kind === "Service" && one.metadata.name === "kourier",
  );
  const address = textAt(gateway, "status", "loadBalancer", "ingress", 0, "ip");
  const named = { ...scene, internet: { zones: scene.internet?.zones ?? [], hosts: { [ELB]: address } } };
  const probe: Scene["probe"] = (request) => {
    if (!scene.probe) throw new Error("connect ECONNREFUSED");
    return scene.probe(request.address === ELB ? { ...request, address } : request);
  };
  return change(withOwnSecret({ ...named, probe }), (one) =>
    one.apiVersion === "v1" && one.kind === "Service" && one.metadata.name === "kourier"
      ? {
          ...one,
          status: {
            loadBalancer: { ingress: [{ hostname: ELB }] },
          },
        }
      : one,
  );
};

export const SHAPES = [
  "ours",
  "quickstart",
  "operator",
  "openshift",
  "istio",
  "eks",
  "contour",
  "gateway-api",
] as const;
export type Shape = (typeof SHAPES)[number];

/** Healthy clusters, by who has made them and what their ingress is. Made from two rehearsals. */
export const openShapes = async (): Promise<Readonly<Record<Shape, Scene>>> => {
  const [kourier, istio] = (
    await Promise.all([record(["--tls", "acme"], false), record(["--ingress", "istio", "--tls", "cert-manager"], true)])
  ).map(sceneOf) as [Scene, Scene];
  return {
    ours: kourier,
    quickstart: quickstart(kourier),
    operator: operator(kourier),
    openshift: openshift(kourier),
    istio: ofOthers(istio),
    eks: eks(kourier),
    contour: contour(ofOthers(kourier)),
    "gateway-api": gatewayApi(ofOthers(kourier)),
  };
};
