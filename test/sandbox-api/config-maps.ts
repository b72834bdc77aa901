import type { Api, ApiResponse, Obj } from "../../src/sandbox/types.ts";

export const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

export const configMap = (name: string, data: Record<string, string>): Obj => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
  data,
});

export const ref = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", namespace: "default", name });

/** Applies a ConfigMap as a manager. */
export const applyTo =
  (api: Api) =>
  (object: Obj, manager: string, query: Record<string, string> = {}): Promise<ApiResponse> =>
    api.request({
      method: "PATCH",
      path: `${CONFIG_MAPS}/${object.metadata.name}`,
      query: { fieldManager: manager, ...query },
      headers: { "content-type": "application/apply-patch+yaml" },
      body: object,
    });
