import { X509Certificate } from "node:crypto";
import { readyEndpoints } from "../../src/sandbox/kubernetes/endpoint-slices.ts";
import { isTrue } from "../../src/sandbox/objects.ts";
import { standInObjects } from "../../src/sandbox/stand-ins/index.ts";
import type { Obj, Ref } from "../../src/sandbox/types.ts";
import { makeWebhookCertificates } from "../../src/sandbox/webhook-certificates.ts";
import type { World } from "../../src/sandbox/world.ts";
import { apply, isAvailable, merge, release, until } from "./install.ts";
import { isFilledIn, SERVING_OBJECTS, set } from "./small-install.ts";

/** Serving, Istio and net-istio from their releases' own files, applied in order as a person with kubectl would. */

const isDefinition = ({ kind }: Obj): boolean => kind === "CustomResourceDefinition";
const isCertificate = ({ kind }: Obj): boolean => kind === "Certificate";

export interface Versions {
  readonly serving: string;
  readonly istio: string;
  readonly netIstio: string;
}

export const refOfDeployment = ({ metadata }: Obj): Ref => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace: metadata.namespace ?? "",
  name: metadata.name,
});

export const define = async (world: World, ...objects: readonly Obj[]): Promise<void> => {
  const definitions = objects.filter(isDefinition);
  await apply(world, ...definitions);
  await until(world, "the CRDs established", () =>
    definitions.every(({ apiVersion, kind, metadata }) =>
      isTrue(world.api.get({ apiVersion, kind, name: metadata.name }), "Established"),
    ),
  );
};

export const rest = (objects: readonly Obj[]): Obj[] =>
  objects.filter((object) => !isDefinition(object) && !isCertificate(object));

export const installIstio = async (world: World, { serving, istio, netIstio }: Versions): Promise<void> => {
  const core = release(`serving/${serving}/serving-core.yaml`);
  const mesh = release(`istio/${istio}/istio.yaml`);
  const bridge = release(`net-istio/${netIstio}/net-istio.yaml`);
  await define(world, ...release(`serving/${serving}/serving-crds.yaml`), ...mesh);
  await apply(world, ...rest(core));
  const endpoints = () => readyEndpoints(world.api, "knative-serving", "webhook");
  await until(world, "the webhooks answering", () => isFilledIn(world) && endpoints().length > 0);
  await apply(world, ...core.filter(isCertificate), ...rest(mesh), ...rest(bridge), ...bridge.filter(isCertificate));
  await until(world, "every Deployment available", () => {
    const deployments = world.api.list("apps/v1", "Deployment");
    return deployments.length === 8 && isAvailable(world, ...deployments.map(refOfDeployment));
  });
  await set(world, "config-domain", { "example.com": "" });
};

/** Serving reduced to what the world acts on, with the stand-ins of Istio and net-istio: for tests that need no release files. */
export const installSmallIstio = async (world: World, istio = "1.29.2", netIstio = "1.23.0"): Promise<void> => {
  const mesh = standInObjects("istio", istio, "istio.yaml");
  const bridge = standInObjects("net-istio", netIstio, "net-istio.yaml");
  await define(world, ...SERVING_OBJECTS, ...mesh);
  await apply(world, ...SERVING_OBJECTS.filter((object) => !isDefinition(object)), ...rest(mesh), ...rest(bridge));
  const deployments = () => world.api.list("apps/v1", "Deployment");
  await until(
    world,
    "every Deployment available",
    () => deployments().length >= 8 && isFilledIn(world) && isAvailable(world, ...deployments().map(refOfDeployment)),
  );
  await set(world, "config-domain", { "example.com": "" });
};

export const GATEWAY: Ref = {
  apiVersion: "networking.istio.io/v1beta1",
  kind: "Gateway",
  namespace: "knative-serving",
  name: "knative-ingress-gateway",
};

export const HTTP = { hosts: ["*"], port: { number: 80, name: "http", protocol: "HTTP" } };

export const https = (host: string, credentialName = "knative-tls", name = "https") => ({
  hosts: [host],
  port: { number: 443, name, protocol: "HTTPS" },
  tls: { mode: "SIMPLE", credentialName } as object,
});

/** Gives Knative's shared Gateway these servers. */
export const setServers = async (world: World, ...servers: object[]): Promise<void> => {
  const { status, message } = await merge(world, GATEWAY, { spec: { servers } });
  if (status !== 200) throw new Error(message);
};

/** Writes a fresh certificate beside the gateway, or elsewhere, and answers its serial number. */
export const writeSecret = async (world: World, name: string, namespace = "istio-system"): Promise<string> => {
  const made = await makeWebhookCertificates("hello", "default");
  const data = { "tls.crt": made["server-cert.pem"], "tls.key": made["server-key.pem"] };
  const metadata = { name, namespace };
  await apply(world, { apiVersion: "v1", kind: "Secret", metadata, type: "kubernetes.io/tls", data } as Obj);
  return new X509Certificate(Buffer.from(made["server-cert.pem"], "base64")).serialNumber;
};
