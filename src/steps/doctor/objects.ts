import { createHash } from "node:crypto";
import { HOME } from "../../kube/inventory.ts";
import type { KubeObject, ObjectRef } from "../../ports/object.ts";
import * as inCluster from "../in-cluster/objects.ts";
import type { Right } from "../rights.ts";

/** What the CronJob is to be made from. */
export interface DoctorWish {
  /** A reference that the nodes can pull. */
  readonly image: string;
  /** Five cron fields, UTC. Absent: every quarter of an hour. */
  readonly schedule?: string;
  readonly dnsResolver?: string;
}

const NAME = "doctor";
export const CRON_JOB = inCluster.cronJobRef(NAME);
export const CHECK_JOB = inCluster.checkJobRef(NAME);

/** What the last look has found: `summary`, `metrics.prom`, and `state.json`, by which the next one tells what is new. */
export const RESULT: ObjectRef = { apiVersion: "v1", kind: "ConfigMap", namespace: HOME, name: NAME };

/** Every quarter of an hour, at a minute that differs from cluster to cluster. */
export const scheduleFor = (clusterUid: string): string =>
  `${createHash("sha256").update(clusterUid).digest().readUInt32BE(4) % 15}-59/15 * * * *`;

export const accountObjects = (rights: readonly Right[]): readonly KubeObject[] =>
  inCluster.accountObjects(NAME, rights);

/** It looks once: what was not seen is looked at again when its time comes. */
export const cronJob = (wish: DoctorWish, schedule: string): KubeObject =>
  inCluster.cronJob(NAME, schedule, 0, runOf(wish, ["--publish"]));

/** Only that the account gets through to Knative. */
export const checkJob = (wish: DoctorWish): KubeObject =>
  inCluster.checkJob(NAME, runOf(wish, ["--check", "knative.installed"]));

const runOf = ({ image, dnsResolver }: DoctorWish, args: readonly string[]): inCluster.Run => ({
  image,
  args: ["doctor", ...args, "-o", "json", ...(dnsResolver ? ["--dns-resolver", dnsResolver] : [])],
});
