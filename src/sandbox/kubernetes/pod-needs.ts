import type { Api, Obj } from "../types.ts";

/** What a pod refers to and cannot start without, in the kubelet's own words. */

/** Says which volume cannot be mounted because its ConfigMap or Secret is missing. */
export const missingVolume = (api: Api, pod: Obj): string | undefined => {
  const namespace = pod.metadata.namespace ?? "";
  const isMissing = (kind: string, name: string | undefined, optional: boolean | undefined): boolean =>
    name !== undefined && !optional && !api.get({ apiVersion: "v1", kind, namespace, name });
  for (const volume of pod.spec.volumes ?? []) {
    const sources: Obj[] = [volume, ...(volume.projected?.sources ?? [])];
    for (const { configMap, secret } of sources) {
      const secretName = secret?.secretName ?? secret?.name;
      if (isMissing("ConfigMap", configMap?.name, configMap?.optional)) {
        return `MountVolume.SetUp failed for volume "${volume.name}" : configmap "${configMap.name}" not found`;
      }
      if (isMissing("Secret", secretName, secret?.optional)) {
        return `MountVolume.SetUp failed for volume "${volume.name}" : secret "${secretName}" not found`;
      }
    }
  }
  return undefined;
};

/** Says which ConfigMap or Secret (or key of one) the environment of a container lacks. */
export const missingEnvironment = (api: Api, pod: Obj, container: Obj): string | undefined => {
  const namespace = pod.metadata.namespace ?? "";
  const lack = (kind: "ConfigMap" | "Secret", reference: Obj | undefined): string | undefined => {
    if (!reference?.name || reference.optional) return undefined;
    const found = api.get({ apiVersion: "v1", kind, namespace, name: reference.name });
    if (!found) return `${kind.toLowerCase()} "${reference.name}" not found`;
    const isThere = reference.key === undefined || found.data?.[reference.key] !== undefined;
    return isThere ? undefined : `couldn't find key ${reference.key} in ${kind} ${namespace}/${reference.name}`;
  };
  const wanted: Obj[] = [
    ...(container.envFrom ?? []),
    ...(container.env ?? []).map((variable: Obj) => ({
      configMapRef: variable.valueFrom?.configMapKeyRef,
      secretRef: variable.valueFrom?.secretKeyRef,
    })),
  ];
  for (const { configMapRef, secretRef } of wanted) {
    const missing = lack("ConfigMap", configMapRef) ?? lack("Secret", secretRef);
    if (missing) return missing;
  }
  return undefined;
};

// The reference grammar of distribution: optional registry, lower-case path, optional tag, optional digest.
const IMAGE =
  /^(?:[a-zA-Z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

export const isImageName = (image: string): boolean => IMAGE.test(image);
