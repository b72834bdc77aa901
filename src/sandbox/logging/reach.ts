import { podsBehind } from "../kubernetes/endpoint-slices.ts";
import { isTrue } from "../objects.ts";
import type { Api } from "../types.ts";

/** The Service behind a name of the cluster, `namespace/name`, where one of its pods is ready; undefined: nobody answers there. */
export const reachable = (api: Api, host: string): string | undefined => {
  const [name = "", namespace = ""] = host.split(".");
  const service = api.get({ apiVersion: "v1", kind: "Service", namespace, name });
  const isUp = service && podsBehind(api, service).some((pod) => isTrue(pod, "Ready"));
  return isUp ? `${namespace}/${name}` : undefined;
};
