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

/** What the environment of a container holds; what is missing and optional is left out. Later entries win, `env` over `envFrom`. */
export const environmentOf = (api: Api, pod: Obj, container: Obj): Record<string, string> => {
  const namespace = pod.metadata.namespace ?? "";
  const dataOf = (kind: "ConfigMap" | "Secret", name: string | undefined): Record<string, string> => {
    const data = name === undefined ? undefined : api.get({ apiVersion: "v1", kind, namespace, name })?.data;
    const entries = Object.entries<string>(data ?? {});
    if (kind === "ConfigMap") return Object.fromEntries(entries);
    return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, "base64").toString()]));
  };
  const fromAll = (container.envFrom ?? []).map(({ configMapRef, secretRef, prefix = "" }: Obj) =>
    Object.fromEntries(
      Object.entries({ ...dataOf("ConfigMap", configMapRef?.name), ...dataOf("Secret", secretRef?.name) }).map(
        ([key, value]) => [`${prefix}${key}`, value],
      ),
    ),
  );
  const single = (container.env ?? []).flatMap(({ name, value, valueFrom }: Obj) => {
    const found =
      value ??
      dataOf("ConfigMap", valueFrom?.configMapKeyRef?.name)[valueFrom?.configMapKeyRef?.key] ??
      dataOf("Secret", valueFrom?.secretKeyRef?.name)[valueFrom?.secretKeyRef?.key];
    return found === undefined ? [] : [[name, found] as const];
  });
  return Object.assign({}, ...fromAll, Object.fromEntries(single));
};

// The reference grammar of distribution: optional registry, lower-case path, optional tag, optional digest.
const IMAGE =
  /^(?:[a-zA-Z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

export const isImageName = (image: string): boolean => IMAGE.test(image);

/** Why a container cannot come up. */
export interface Obstacle {
  readonly name: string;
  readonly reason: string;
  readonly message: string;
  readonly news: { readonly reason: string; readonly message: string };
  /** What it says from a second later until the next try, under ImagePullBackOff. */
  readonly next?: string;
}

/** The containers that cannot come up, each with its state and the news for `kubectl describe`. `pull`: the registry's refusal. */
export const obstaclesOf = (
  api: Api,
  pod: Obj,
  pull: ((image: string) => string | undefined) | undefined,
): readonly Obstacle[] =>
  pod.spec.containers.flatMap((container: Obj): readonly Obstacle[] => {
    const { name, image } = container as unknown as { name: string; image: string };
    if (!isImageName(image)) {
      const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`;
      return [{ name, reason: "InvalidImageName", message, news: { reason: "InspectFailed", message } }];
    }
    const refusal = pull?.(image);
    if (refusal !== undefined) {
      const news = { reason: "Failed", message: `Failed to pull image "${image}": ${refusal}` };
      const next = `Back-off pulling image "${image}": ErrImagePull: ${refusal}`;
      return [{ name, reason: "ErrImagePull", message: refusal, news, next }];
    }
    const lack = missingEnvironment(api, pod, container);
    if (!lack) return [];
    return [{ name, reason: "CreateContainerConfigError", message: lack, news: { reason: "Failed", message: lack } }];
  });
