import { at, type KubeObject, textAt } from "../../ports/object.ts";

const listAt = (value: unknown, ...path: readonly string[]): readonly unknown[] => {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
};

/** The Secrets that a workload's pods have as files, each with its directory, like `/etc/istio/ingressgateway-certs`. */
export const mountedBy = (workload: KubeObject): ReadonlyMap<string, string> => {
  const pod = at(workload, "spec", "template", "spec");
  const mounts = listAt(pod, "containers").flatMap((container) => listAt(container, "volumeMounts"));
  return new Map(
    listAt(pod, "volumes").flatMap((volume) => {
      const secret = textAt(volume, "secret", "secretName");
      const mount = mounts.find((one) => at(one, "name") === at(volume, "name"));
      const directory = textAt(mount, "mountPath");
      return secret && directory ? [[secret, directory] as const] : [];
    }),
  );
};
