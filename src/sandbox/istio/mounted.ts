import type { Certificate } from "../front.ts";
import { certificateIn, secretOf } from "../ingress/certificate.ts";
import type { Stage } from "../objects.ts";
import type { Obj } from "../types.ts";

/** Secrets as files of a pod: the node brings a change to them within a minute. */
export interface Mounted {
  /** Notes what is there; to be called when pods and Secrets change. */
  readonly note: (pod: Obj) => void;
  /** The certificate behind two paths such as `/etc/istio/ingressgateway-certs/tls.crt`. */
  readonly read: (pod: Obj, certificate: string, key: string) => Certificate | undefined;
}

/** In seconds of the cluster: the kubelet's sync period. */
const SYNC = 60;

export const createMounted = ({ api, second }: Stage, look: () => void): Mounted => {
  /** Pod and Secret to what its files say; `next`: what they will. */
  const files = new Map<string, { shown: Obj | undefined; next: Obj | undefined }>();

  const volumesOf = (pod: Obj): readonly { path: string; secret: string }[] => {
    const mounts: Obj[] = (pod.spec.containers as Obj[]).flatMap(({ volumeMounts = [] }) => volumeMounts);
    return ((pod.spec.volumes ?? []) as Obj[]).flatMap(({ name, secret }) => {
      const path = mounts.find((mount) => mount.name === name)?.mountPath;
      return path && secret?.secretName ? [{ path, secret: String(secret.secretName) }] : [];
    });
  };

  const note = (pod: Obj): void => {
    for (const { secret } of volumesOf(pod)) {
      const key = `${pod.metadata.uid} ${secret}`;
      const now = secretOf(api, { namespace: pod.metadata.namespace ?? "", name: secret });
      const known = files.get(key);
      if (!known) files.set(key, { shown: now, next: now });
      if (!known || known.next?.metadata.resourceVersion === now?.metadata.resourceVersion) continue;
      known.next = now;
      const sync = (): void => {
        known.shown = known.next;
        look();
      };
      setTimeout(sync, SYNC * second).unref();
    }
  };

  return {
    note,
    read: (pod, certificate, key) => {
      const [directory, file] = split(certificate);
      const volume = volumesOf(pod).find(({ path }) => path === directory);
      if (!volume) return undefined;
      note(pod);
      const secret = files.get(`${pod.metadata.uid} ${volume.secret}`)?.shown;
      return secret && certificateIn(secret, file, split(key)[1]);
    },
  };
};

const split = (path: string): readonly [directory: string, file: string] => {
  const at = path.lastIndexOf("/");
  return [path.slice(0, at), path.slice(at + 1)];
};
