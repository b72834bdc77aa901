import { isRecord, type KubeObject } from "../../ports/object.ts";
import { isThe } from "../gateway-service.ts";
import { gateway, istiod } from "./names.ts";

/** As net-istio sizes its own Istio for kind (third_party/istio-latest/istio-kind-no-mesh.yaml). */
const GATEWAY = { replicas: 1, requests: { cpu: "100m", memory: "256Mi" } };
const ISTIOD = { minReplicas: 1, maxReplicas: 3 };

const isScaler = ({ kind, metadata }: KubeObject): boolean =>
  kind === "HorizontalPodAutoscaler" && metadata.namespace === istiod.namespace && metadata.name === istiod.name;

const withSpec = (object: KubeObject, fields: object): KubeObject => ({
  ...object,
  spec: { ...(isRecord(object.spec) ? object.spec : {}), ...fields },
});

const smallGateway = (object: KubeObject): KubeObject => {
  const { template } = structuredClone(object.spec) as {
    template: { spec: { containers: { resources?: object }[] } };
  };
  for (const container of template.spec.containers)
    container.resources = { ...container.resources, requests: GATEWAY.requests };
  return withSpec(object, { template, replicas: GATEWAY.replicas });
};

/** For `--profile small`: one pod of each, and less asked for the gateway. */
export const small = (object: KubeObject): KubeObject => {
  if (isThe(object, gateway)) return smallGateway(object);
  return isScaler(object) ? withSpec(object, ISTIOD) : object;
};
