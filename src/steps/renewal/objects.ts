import { createHash } from "node:crypto";
import type { AccountIdentity } from "../../dns/provider.ts";
import type { KubeObject } from "../../ports/object.ts";
import * as inCluster from "../in-cluster/objects.ts";
import type { Right } from "../rights.ts";

/** What the CronJob is to be made from. */
export interface CronWish {
  /** A reference that the nodes can pull. */
  readonly image: string;
  /** What its account is at the DNS provider; its credentials then come with that. */
  readonly identity?: AccountIdentity & { readonly name: string };
  /** Secret in namespace kn-bootstrap whose keys become the environment. */
  readonly credentialsSecret?: string;
  /** `host:port`, as --dns-resolver has it. */
  readonly dnsResolver?: string;
}

const NAME = "renew";
export const CRON_JOB = inCluster.cronJobRef(NAME);
export const CHECK_JOB = inCluster.checkJobRef(NAME);

/** How often a renewal that failed is tried again before its time comes again. */
const TRIES = 2;

/**
 * Once a day, at a minute that differs from cluster to cluster, so that they do not all come to the CA at once. Every two hours where the
 * certificate is short-lived: the CA's windows for those are a few hours wide, and a day without luck would be a sixth of the lifetime.
 * Five cron fields, UTC.
 */
export const scheduleFor = (clusterUid: string, isShortLived: boolean): string => {
  const minute = createHash("sha256").update(clusterUid).digest().readUInt32BE(0) % (24 * 60);
  return `${minute % 60} ${isShortLived ? "*/2" : Math.floor(minute / 60)} * * *`;
};

export const accountObjects = (rights: readonly Right[], { identity }: CronWish): readonly KubeObject[] =>
  inCluster.accountObjects(NAME, rights, identity?.annotations(identity.name));

export const cronJob = (wish: CronWish, schedule: string): KubeObject =>
  inCluster.cronJob(NAME, schedule, TRIES, runOf(wish, ["renew", "--yes", "-o", "json"]));

export const checkJob = (wish: CronWish): KubeObject =>
  inCluster.checkJob(NAME, runOf(wish, ["renew", "--check", "-o", "json"]));

const runOf = ({ image, credentialsSecret, dnsResolver }: CronWish, args: readonly string[]): inCluster.Run => ({
  image,
  args: [...args, ...(dnsResolver ? ["--dns-resolver", dnsResolver] : [])],
  ...(credentialsSecret ? { credentialsSecret } : {}),
});
