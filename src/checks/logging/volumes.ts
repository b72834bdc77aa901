import { parsed } from "../../kube/choices.ts";
import { ApiError, type ClusterRead, Unreachable } from "../../ports/cluster.ts";
import { at, isRecord, type KubeObject, listAt, numberAt, textAt } from "../../ports/object.ts";
import { readable } from "../../ports/readable.ts";
import { LOGGING, STORED } from "./names.ts";

/** A volume on which logs are stored. */
export interface LogVolume {
  readonly claim: string;
  /** As it was asked for: `10Gi`. */
  readonly size: string;
  /** Absent: none is bound. */
  readonly storageClass?: string;
  readonly bound: boolean;
  /** Bytes. Absent: nobody has it mounted, its driver does not measure, or the account may not ask nodes. */
  readonly used?: number;
}

/** Kubelets answer this for the API server (kubelet/server/stats, Summary API). */
const SUMMARY = "/stats/summary";
const KUBELET = 10250;

/** Bytes that each claim of the namespace takes, by its name, as the node says it. */
const usedOn = async (cluster: ClusterRead, node: string): Promise<readonly (readonly [string, number])[]> => {
  const ref = { apiVersion: "v1", kind: "Node", name: node };
  const pods = at(parsed(await cluster.askPod(ref, KUBELET, SUMMARY).catch(unmeasured)), "pods");
  return listAt(pods).flatMap((pod) =>
    listAt(pod, "volume").flatMap((volume) => {
      const [name, used] = [textAt(volume, "pvcRef", "name"), numberAt(volume, "usedBytes")];
      return textAt(volume, "pvcRef", "namespace") === LOGGING && used !== undefined ? [[name, used] as const] : [];
    }),
  );
};

/** What a node does not tell goes without. */
const unmeasured = (error: unknown): string => {
  if (error instanceof ApiError || error instanceof Unreachable) return "{}";
  throw error;
};

const claimIn = (volume: unknown): string => textAt(volume, "persistentVolumeClaim", "claimName");

/** Volumes of the stored logs, those of an Elasticsearch that is gone included. Undefined: they may not be read. */
export const readVolumes = async (cluster: ClusterRead): Promise<readonly LogVolume[] | undefined> => {
  const inLogging = { apiVersion: "v1", namespace: LOGGING };
  const claims = (await readable(cluster.list({ ...inLogging, kind: "PersistentVolumeClaim" })))?.filter(
    ({ metadata }) => STORED.test(metadata.name),
  );
  if (!claims?.length) return claims && [];
  const pods = (await readable(cluster.list({ ...inLogging, kind: "Pod" }))) ?? [];
  const mounting = pods.filter((pod) => listAt(pod, "spec", "volumes").some((one) => STORED.test(claimIn(one))));
  const nodes = new Set(mounting.map((pod) => textAt(pod, "spec", "nodeName")).filter(Boolean));
  const used = new Map((await Promise.all([...nodes].map((node) => usedOn(cluster, node)))).flat());
  return claims.map((claim) => volumeOf(claim, used.get(claim.metadata.name)));
};

const volumeOf = (claim: KubeObject, used: number | undefined): LogVolume => {
  const storageClass = textAt(claim, "spec", "storageClassName");
  const size = at(claim, "spec", "resources", "requests");
  return {
    claim: claim.metadata.name,
    size: isRecord(size) ? String(size.storage) : "",
    ...(storageClass ? { storageClass } : {}),
    bound: textAt(claim, "status", "phase") === "Bound",
    ...(used === undefined ? {} : { used }),
  };
};
