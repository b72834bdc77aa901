import { quantityOf, UNIT } from "../api/schema/quantity.ts";
import type { Api, ApiRequest, ApiResponse, Obj } from "../types.ts";

const PATH = /^\/api\/v1\/nodes\/([^/]+)\/proxy\/stats\/summary$/;

/** What a kubelet says of the volumes of its pods (Summary API): those with a claim that is bound, of the pods that run. */
export const nodeSummary = (
  api: Api,
  stored: (pod: Obj) => number | undefined,
  { method, path }: ApiRequest,
): ApiResponse | undefined => {
  const [, node] = PATH.exec(path) ?? [];
  if (method !== "GET" || node === undefined) return undefined;
  const pods = api
    .list("v1", "Pod")
    .filter(({ spec, status }) => spec.nodeName === node && status?.phase === "Running")
    .map((pod) => ({
      podRef: { name: pod.metadata.name, namespace: pod.metadata.namespace },
      volume: volumesOf(api, stored, pod),
    }));
  return { status: 200, body: { node: { nodeName: node }, pods } };
};

const volumesOf = (api: Api, stored: (pod: Obj) => number | undefined, pod: Obj): readonly object[] =>
  ((pod.spec.volumes ?? []) as Obj[]).flatMap(({ name, persistentVolumeClaim }) => {
    const usedBytes = stored(pod);
    if (!persistentVolumeClaim || usedBytes === undefined) return [];
    const pvcRef = { name: persistentVolumeClaim.claimName as string, namespace: pod.metadata.namespace ?? "" };
    const claim = api.get({ apiVersion: "v1", kind: "PersistentVolumeClaim", ...pvcRef });
    const capacity = quantityOf(claim?.status?.capacity?.storage) ?? 0n;
    return [{ name, pvcRef, capacityBytes: Number(capacity / UNIT), usedBytes }];
  });
