/** Defaults and checks of pods and pod templates (k8s.io/kubernetes pkg/apis/core/v1/defaults.go, validation.go). */

import type { Obj } from "../../types.ts";
import type { Fields } from "../json.ts";
import { at, fieldsOf, fill, isFields, listOf, objectsOf } from "../json.ts";
import { applyLimitRanges } from "../plugins/limit-ranges.ts";
import type { Rules } from "../resource.ts";
import { parseQuantity, printQuantity, quantityOf } from "../schema/quantity.ts";
import type { FieldError } from "../status.ts";
import { forbidden, required, wrong } from "../status.ts";
import type { Store } from "../store.ts";
import { nameIsSubdomain, randomSuffix } from "./names.ts";

export function defaultPodSpec(spec: Fields): void {
  fill(spec, {
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    dnsPolicy: "ClusterFirst",
    securityContext: {},
    schedulerName: "default-scheduler",
  });
  if (spec.serviceAccountName !== undefined) spec.serviceAccount = spec.serviceAccountName;
  else if (spec.serviceAccount !== undefined) spec.serviceAccountName = spec.serviceAccount;
  for (const container of [...objectsOf(spec.containers), ...objectsOf(spec.initContainers)]) {
    defaultContainer(container);
    if (spec.hostNetwork === true)
      for (const port of objectsOf(container.ports)) fill(port, { hostPort: port.containerPort });
  }
  for (const volume of objectsOf(spec.volumes)) defaultVolume(volume);
}

/** Always for an image without a tag or with `latest`, unless a digest pins it. */
function pullPolicy(image: unknown): string {
  const text = String(image ?? "");
  if (text.includes("@")) return "IfNotPresent";
  const tag = /:([^/:]+)$/.exec(text)?.[1];
  return tag === undefined || tag === "latest" ? "Always" : "IfNotPresent";
}

function defaultContainer(container: Fields): void {
  fill(container, {
    resources: {},
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: pullPolicy(container.image),
  });
  for (const port of objectsOf(container.ports)) fill(port, { protocol: "TCP" });
  for (const env of objectsOf(container.env)) {
    const source = fieldsOf(env.valueFrom);
    if (isFields(source.fieldRef)) fill(source.fieldRef, { apiVersion: "v1" });
    if (isFields(source.resourceFieldRef)) fill(source.resourceFieldRef, { divisor: "0" });
  }
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"] as const) {
    const probe = container[name];
    if (!isFields(probe)) continue;
    fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
    if (isFields(probe.httpGet)) fill(probe.httpGet, { path: "/", scheme: "HTTP" });
    if (isFields(probe.grpc)) fill(probe.grpc, { service: "" });
  }
  for (const hook of [at(container, "lifecycle", "postStart"), at(container, "lifecycle", "preStop")]) {
    const get = fieldsOf(hook).httpGet;
    if (isFields(get)) fill(get, { path: "/", scheme: "HTTP" });
  }
}

function defaultVolume(volume: Fields): void {
  if (Object.keys(volume).every((name) => name === "name")) volume.emptyDir = {};
  for (const name of ["secret", "configMap", "projected", "downwardAPI"] as const) {
    const source = volume[name];
    if (isFields(source)) fill(source, { defaultMode: 420 });
  }
  const downward = [...objectsOf(fieldsOf(volume.downwardAPI).items)];
  for (const source of objectsOf(fieldsOf(volume.projected).sources)) {
    if (isFields(source.serviceAccountToken)) fill(source.serviceAccountToken, { expirationSeconds: 3600 });
    downward.push(...objectsOf(fieldsOf(source.downwardAPI).items));
  }
  for (const item of downward) if (isFields(item.fieldRef)) fill(item.fieldRef, { apiVersion: "v1" });
  if (isFields(volume.hostPath)) fill(volume.hostPath, { type: "" });
}

export const defaultTemplate = (template: unknown): void => {
  const spec = fieldsOf(template).spec;
  if (isFields(spec)) defaultPodSpec(spec);
};

export function podSpecErrors(spec: unknown, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const containers = objectsOf(fieldsOf(spec).containers);
  if (containers.length === 0) errors.push(required(`${path}.containers`));
  containers.forEach((container, index) => {
    if (!container.name) errors.push(required(`${path}.containers[${index}].name`));
    if (!container.image) errors.push(required(`${path}.containers[${index}].image`));
    errors.push(...resourceErrors(container.resources, `${path}.containers[${index}].resources`));
  });
  return errors;
}

function resourceErrors(resources: unknown, path: string): FieldError[] {
  const { requests, limits } = fieldsOf(resources);
  return Object.entries(fieldsOf(requests)).flatMap(([name, text]) => {
    const [request, limit] = [parseQuantity(text), parseQuantity(fieldsOf(limits)[name])];
    if (!request || !limit || request.nano <= limit.nano) return [];
    const detail = `must be less than or equal to ${name} limit of ${printQuantity(limit)}`;
    return [wrong(`${path}.requests`, printQuantity(request), detail)];
  });
}

const evicted = (key: string): Fields => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 });
const EVICTIONS = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
const POD = { group: "", plural: "pods", kind: "Pod" };

/** The admission plugins LimitRanger, ServiceAccount, Priority and DefaultTolerationSeconds. */
function admitPod(draft: Obj, store: Store): void {
  applyLimitRanges(store, draft);
  const spec = fieldsOf(draft.spec);
  const { name, namespace = "" } = draft.metadata;
  fill(spec, { serviceAccountName: "default" });
  spec.serviceAccount = spec.serviceAccountName;
  const account = String(spec.serviceAccountName);
  const found = store.get("/serviceaccounts", namespace, account);
  if (!found)
    throw forbidden(
      POD,
      name,
      `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`,
    );
  if (spec.automountServiceAccountToken !== false && found.automountServiceAccountToken !== false) mountToken(spec);
  const tolerations = [...objectsOf(spec.tolerations)];
  for (const key of EVICTIONS)
    if (!tolerations.some((t) => (t.key === key || !t.key) && (t.effect === "NoExecute" || !t.effect)))
      tolerations.push(evicted(key));
  spec.tolerations = tolerations;
  fill(spec, { priority: 0, preemptionPolicy: "PreemptLowerPriority" });
}

const TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";

function mountToken(spec: Fields): void {
  const containers = [...objectsOf(spec.containers), ...objectsOf(spec.initContainers)];
  const bare = containers.filter((c) => !objectsOf(c.volumeMounts).some((mount) => mount.mountPath === TOKEN_PATH));
  if (bare.length === 0) return;
  const name = `kube-api-access-${randomSuffix()}`;
  for (const container of bare)
    container.volumeMounts = [...listOf(container.volumeMounts), { name, readOnly: true, mountPath: TOKEN_PATH }];
  const sources = [
    { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    {
      downwardAPI: { items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }] },
    },
  ];
  spec.volumes = [...listOf(spec.volumes), { name, projected: { sources, defaultMode: 420 } }];
}

/** Guaranteed, Burstable or BestEffort, from requests and limits of cpu and memory. */
export function qosClass(spec: Fields): string {
  const containers = objectsOf(spec.containers);
  const some = containers.some(
    (c) => at(c, "resources", "requests") !== undefined || at(c, "resources", "limits") !== undefined,
  );
  if (!some) return "BestEffort";
  const guaranteed = containers.every((c) =>
    ["cpu", "memory"].every((resource) => {
      const limit = at(c, "resources", "limits", resource);
      const request = at(c, "resources", "requests", resource);
      return limit !== undefined && (request === undefined || quantityOf(request) === quantityOf(limit));
    }),
  );
  return guaranteed ? "Guaranteed" : "Burstable";
}

export const podRules: Rules = {
  name: nameIsSubdomain,
  returnsDeleted: true,
  defaults: (draft) => {
    const spec = fieldsOf(draft.spec);
    defaultPodSpec(spec);
    fill(spec, { enableServiceLinks: true });
    for (const container of [...objectsOf(spec.containers), ...objectsOf(spec.initContainers)]) {
      const resources = fieldsOf(container.resources);
      if (isFields(resources.limits)) resources.requests = { ...resources.limits, ...fieldsOf(resources.requests) };
    }
  },
  admit: admitPod,
  prepare: (draft, old) => {
    if (!old) draft.status = { phase: "Pending", qosClass: qosClass(fieldsOf(draft.spec)) };
  },
  validate: (object) => podSpecErrors(object.spec, "spec"),
  // The scheduler binds a pod; that is no change of what was asked for.
  generation: ({ spec: { nodeName: _, ...spec } }) => spec,
  fieldSelectors: {
    "spec.nodeName": (pod) => String(pod.spec?.nodeName ?? ""),
    "spec.restartPolicy": (pod) => String(pod.spec?.restartPolicy ?? ""),
    "spec.schedulerName": (pod) => String(pod.spec?.schedulerName ?? ""),
    "spec.serviceAccountName": (pod) => String(pod.spec?.serviceAccountName ?? ""),
    "status.phase": (pod) => String(pod.status?.phase ?? ""),
    "status.podIP": (pod) => String(pod.status?.podIP ?? ""),
  },
};
