import { HOME } from "../../kube/inventory.ts";
import type { KubeObject, ObjectRef } from "../../ports/object.ts";
import { type Right, rulesIn } from "../rights.ts";

/** This program as a CronJob of namespace kn-bootstrap: its account, its rights, its pod. `name`: what it does there. */

const RBAC = "rbac.authorization.k8s.io";
/** Seconds. A missed run is made up for within half a day; what ended stays readable for three. */
const TIMES = { deadline: 43_200, active: 3_600, check: 600, kept: 259_200 };
/** Anybody but root. */
const USER = 65_532;
const CACHE = "/cache";

const labelsOf = (name: string) => ({
  "app.kubernetes.io/name": "kn-bootstrap",
  "app.kubernetes.io/component": name,
});

/** The CronJob's own account, for the words of others. */
export const accountRef = (name: string): ObjectRef => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  namespace: HOME,
  name,
});
export const cronJobRef = (name: string): ObjectRef => ({
  apiVersion: "batch/v1",
  kind: "CronJob",
  namespace: HOME,
  name,
});
/** Runs once, before the CronJob is written, and is removed again. */
export const checkJobRef = (name: string): ObjectRef => ({
  apiVersion: "batch/v1",
  kind: "Job",
  namespace: HOME,
  name: `${name}-check`,
});

/** Account, rights and bindings; without the CronJob itself. */
export const accountObjects = (
  name: string,
  rights: readonly Right[],
  annotations?: Readonly<Record<string, string>>,
): readonly KubeObject[] => {
  const { apiVersion, kind } = accountRef(name);
  const namespaces = [...new Set(rights.flatMap(({ namespace }) => namespace ?? []))];
  return [
    {
      apiVersion,
      kind,
      metadata: { namespace: HOME, name, labels: labelsOf(name), ...(annotations ? { annotations } : {}) },
    },
    ...namespaces.flatMap((namespace) => granted(name, rights, namespace)),
    ...granted(name, rights, undefined),
  ];
};

/** A role and its binding in one namespace, or for the whole cluster. */
const granted = (account: string, rights: readonly Right[], namespace: string | undefined): readonly KubeObject[] => {
  const rules = rulesIn(rights, namespace);
  if (rules.length === 0) return [];
  const kind = namespace === undefined ? "ClusterRole" : "Role";
  const name = `kn-bootstrap-${account}`;
  const metadata = { name, labels: labelsOf(account), ...(namespace === undefined ? {} : { namespace }) };
  return [
    { apiVersion: `${RBAC}/v1`, kind, metadata, rules },
    {
      apiVersion: `${RBAC}/v1`,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: RBAC, kind, name },
      subjects: [{ kind: "ServiceAccount", namespace: HOME, name: account }],
    },
  ];
};

/** What the pod runs. */
export interface Run {
  /** A reference that the nodes can pull. */
  readonly image: string;
  readonly args: readonly string[];
  /** Secret in namespace kn-bootstrap whose keys become the environment. */
  readonly credentialsSecret?: string;
}

/** @param tries how often a pod that failed is made anew */
export const cronJob = (name: string, schedule: string, tries: number, run: Run): KubeObject => {
  const labels = labelsOf(name);
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { namespace: HOME, name, labels },
    spec: {
      schedule,
      timeZone: "Etc/UTC",
      concurrencyPolicy: "Forbid",
      startingDeadlineSeconds: TIMES.deadline,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        metadata: { labels },
        spec: {
          backoffLimit: tries,
          activeDeadlineSeconds: TIMES.active,
          ttlSecondsAfterFinished: TIMES.kept,
          template: podTemplate(name, run),
        },
      },
    },
  };
};

/** The same pod, with a look around as its work. One try: its answer is wanted, not its success in the end. */
export const checkJob = (name: string, run: Run): KubeObject => {
  const { apiVersion, kind, name: called } = checkJobRef(name);
  return {
    apiVersion,
    kind,
    metadata: { namespace: HOME, name: called, labels: labelsOf(name) },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: TIMES.check,
      // Whoever waits for it may be killed.
      ttlSecondsAfterFinished: TIMES.active,
      template: podTemplate(name, run),
    },
  };
};

const podTemplate = (name: string, { image, args, credentialsSecret }: Run): object => ({
  metadata: { labels: labelsOf(name) },
  spec: {
    serviceAccountName: name,
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
        name,
        image,
        args,
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
