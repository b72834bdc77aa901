import { createHash } from "node:crypto";
import type { AccountIdentity } from "../../dns/provider.ts";
import { HOME } from "../../kube/inventory.ts";
import type { KubeObject, ObjectRef } from "../../ports/object.ts";
import { type Right, rulesIn } from "../rights.ts";

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

/** The CronJob's own account, for the words of others. */
export const ACCOUNT: ObjectRef = { apiVersion: "v1", kind: "ServiceAccount", namespace: HOME, name: "renew" };

export const CRON_JOB: ObjectRef = { apiVersion: "batch/v1", kind: "CronJob", namespace: HOME, name: "renew" };
/** Runs once, before the CronJob is written, and is removed again. */
export const CHECK_JOB: ObjectRef = { apiVersion: "batch/v1", kind: "Job", namespace: HOME, name: "renew-check" };

const RBAC = "rbac.authorization.k8s.io";
const LABELS = { "app.kubernetes.io/name": "kn-bootstrap", "app.kubernetes.io/component": "renew" };
/** Seconds. A missed run is made up for within half a day; what ended stays readable for three. */
const TIMES = { deadline: 43_200, active: 3_600, check: 600, kept: 259_200 };
/** Anybody but root. */
const USER = 65_532;
const CACHE = "/cache";

/**
 * Once a day, at a minute that differs from cluster to cluster, so that they do not all come to the CA at once. Every two hours where the
 * certificate is short-lived: the CA's windows for those are a few hours wide, and a day without luck would be a sixth of the lifetime.
 * Five cron fields, UTC.
 */
export const scheduleFor = (clusterUid: string, isShortLived: boolean): string => {
  const minute = createHash("sha256").update(clusterUid).digest().readUInt32BE(0) % (24 * 60);
  return `${minute % 60} ${isShortLived ? "*/2" : Math.floor(minute / 60)} * * *`;
};

/** Account, rights and bindings; without the CronJob itself. */
export const accountObjects = (rights: readonly Right[], { identity }: CronWish): readonly KubeObject[] => {
  const namespaces = [...new Set(rights.flatMap(({ namespace }) => namespace ?? []))];
  return [
    {
      apiVersion: ACCOUNT.apiVersion,
      kind: ACCOUNT.kind,
      metadata: {
        namespace: HOME,
        name: ACCOUNT.name,
        labels: LABELS,
        ...(identity ? { annotations: identity.annotations(identity.name) } : {}),
      },
    },
    ...namespaces.flatMap((namespace) => granted(rights, namespace)),
    ...granted(rights, undefined),
  ];
};

/** A role and its binding in one namespace, or for the whole cluster. */
const granted = (rights: readonly Right[], namespace: string | undefined): readonly KubeObject[] => {
  const rules = rulesIn(rights, namespace);
  if (rules.length === 0) return [];
  const kind = namespace === undefined ? "ClusterRole" : "Role";
  const name = "kn-bootstrap-renew";
  const metadata = { name, labels: LABELS, ...(namespace === undefined ? {} : { namespace }) };
  return [
    { apiVersion: `${RBAC}/v1`, kind, metadata, rules },
    {
      apiVersion: `${RBAC}/v1`,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: RBAC, kind, name },
      subjects: [{ kind: ACCOUNT.kind, namespace: HOME, name: ACCOUNT.name }],
    },
  ];
};

export const cronJob = (wish: CronWish, schedule: string): KubeObject => ({
  apiVersion: CRON_JOB.apiVersion,
  kind: CRON_JOB.kind,
  metadata: { namespace: HOME, name: CRON_JOB.name, labels: LABELS },
  spec: {
    schedule,
    timeZone: "Etc/UTC",
    concurrencyPolicy: "Forbid",
    startingDeadlineSeconds: TIMES.deadline,
    successfulJobsHistoryLimit: 1,
    failedJobsHistoryLimit: 3,
    jobTemplate: {
      metadata: { labels: LABELS },
      spec: {
        backoffLimit: 2,
        activeDeadlineSeconds: TIMES.active,
        ttlSecondsAfterFinished: TIMES.kept,
        template: podTemplate(wish, ["renew", "--yes", "-o", "json"]),
      },
    },
  },
});

/** The same pod, with a look around as its work. One try: its answer is wanted, not its success in the end. */
export const checkJob = (wish: CronWish): KubeObject => ({
  apiVersion: CHECK_JOB.apiVersion,
  kind: CHECK_JOB.kind,
  metadata: { namespace: HOME, name: CHECK_JOB.name, labels: LABELS },
  spec: {
    backoffLimit: 0,
    activeDeadlineSeconds: TIMES.check,
    // Whoever waits for it may be killed.
    ttlSecondsAfterFinished: TIMES.active,
    template: podTemplate(wish, ["renew", "--check", "-o", "json"]),
  },
});

const podTemplate = ({ image, credentialsSecret, dnsResolver }: CronWish, args: readonly string[]): object => ({
  metadata: { labels: LABELS },
  spec: {
    serviceAccountName: ACCOUNT.name,
    restartPolicy: "Never",
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      // Makes the token readable that tells a DNS provider which account this is.
      fsGroup: USER,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
      {
        name: "renew",
        image,
        args: [...args, ...(dnsResolver ? ["--dns-resolver", dnsResolver] : [])],
        env: [
          { name: "HOME", value: CACHE },
          { name: "XDG_CACHE_HOME", value: CACHE },
        ],
        ...(credentialsSecret ? { envFrom: [{ secretRef: { name: credentialsSecret } }] } : {}),
        resources: { requests: { cpu: "25m", memory: "96Mi" }, limits: { memory: "384Mi" } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        volumeMounts: [{ name: "cache", mountPath: CACHE }],
        terminationMessagePolicy: "FallbackToLogsOnError",
      },
    ],
    volumes: [{ name: "cache", emptyDir: { sizeLimit: "64Mi" } }],
  },
});

/** Kinds that carry the step's label: what is left over of an earlier form goes. */
export const CRON_KINDS = [
  { apiVersion: "v1", kind: "ServiceAccount", namespaced: true },
  { apiVersion: `${RBAC}/v1`, kind: "Role", namespaced: true },
  { apiVersion: `${RBAC}/v1`, kind: "RoleBinding", namespaced: true },
  { apiVersion: `${RBAC}/v1`, kind: "ClusterRole", namespaced: false },
  { apiVersion: `${RBAC}/v1`, kind: "ClusterRoleBinding", namespaced: false },
  { apiVersion: "batch/v1", kind: "CronJob", namespaced: true },
  { apiVersion: "batch/v1", kind: "Job", namespaced: true },
] as const;
