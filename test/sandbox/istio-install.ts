import { readyEndpoints } from "../../src/sandbox/kubernetes/endpoint-slices.ts";
import { isTrue } from "../../src/sandbox/objects.ts";
import type { Obj, Ref } from "../../src/sandbox/types.ts";
import type { World } from "../../src/sandbox/world.ts";
import { apply, isAvailable, release, until } from "./install.ts";
import { isFilledIn, set } from "./small-install.ts";

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
