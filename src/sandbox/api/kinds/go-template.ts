/**
 * A pod template as Go prints its internal struct: the server quotes it in the error about a Job's immutable template.
 * Field order is that of core.PodTemplateSpec in 1.36; absent fields print as their zero values.
 */

import type { Fields } from "../json.ts";
import { fieldsOf, isFields } from "../json.ts";

const POD: Fields = {
  volumes: null,
  initContainers: null,
  containers: null,
  ephemeralContainers: null,
  restartPolicy: "",
  terminationGracePeriodSeconds: null,
  activeDeadlineSeconds: null,
  dnsPolicy: "",
  nodeSelector: null,
  serviceAccountName: "",
  automountServiceAccountToken: null,
  nodeName: "",
  securityContext: null,
  imagePullSecrets: null,
  hostname: "",
  subdomain: "",
  setHostnameAsFQDN: null,
  affinity: null,
  schedulerName: "",
  tolerations: null,
  hostAliases: null,
  priorityClassName: "",
  priority: null,
  preemptionPolicy: null,
  dnsConfig: null,
  readinessGates: null,
  runtimeClassName: null,
  overhead: null,
  enableServiceLinks: null,
  topologySpreadConstraints: null,
  os: null,
  schedulingGates: null,
  resourceClaims: null,
  resources: null,
  hostnameOverride: null,
  schedulingGroup: null,
};
const CONTAINER: Fields = {
  name: "",
  image: "",
  command: null,
  args: null,
  workingDir: "",
  ports: null,
  envFrom: null,
  env: null,
  resources: {},
  resizePolicy: null,
  restartPolicy: null,
  restartPolicyRules: null,
  volumeMounts: null,
  volumeDevices: null,
  livenessProbe: null,
  readinessProbe: null,
  startupProbe: null,
  lifecycle: null,
  terminationMessagePath: "",
  terminationMessagePolicy: "",
  imagePullPolicy: "",
  securityContext: null,
  stdin: false,
  stdinOnce: false,
  tty: false,
};
const RESOURCES: Fields = { limits: null, requests: null, claims: null };
const SECURITY: Fields = {
  hostNetwork: false,
  hostPID: false,
  hostIPC: false,
  shareProcessNamespace: null,
  hostUsers: null,
  seLinuxOptions: null,
  windowsOptions: null,
  runAsUser: null,
  runAsGroup: null,
  runAsNonRoot: null,
  supplementalGroups: null,
  supplementalGroupsPolicy: null,
  fsGroup: null,
  fsGroupChangePolicy: null,
  sysctls: null,
  seccompProfile: null,
  appArmorProfile: null,
  seLinuxChangePolicy: null,
};
const SPECIAL: Readonly<Record<string, string>> = {
  dnsPolicy: "DNSPolicy",
  dnsConfig: "DNSConfig",
  os: "OS",
  tty: "TTY",
  fsGroup: "FSGroup",
  fsGroupChangePolicy: "FSGroupChangePolicy",
};
const capital = (name: string): string =>
  SPECIAL[name] ?? name.replace(/^se(?=Linux)/, "SE").replace(/^[a-z]/, (letter) => letter.toUpperCase());

export function goTemplate(template: Fields): string {
  const labels = fieldsOf(template.metadata).labels;
  const spec = fieldsOf(template.spec);
  const metadata = labels === undefined ? {} : { labels };
  // Metadata keeps its JSON names and lies flat beside the capitalised Spec.
  const parts = Object.entries(metadata).map(([name, value]) => `${JSON.stringify(name)}:${sortedJson(value)}`);
  return `{${[...parts, `"Spec":${struct(POD, spec)}`].join(",")}}`;
}

const sortedJson = (value: unknown): string => {
  const fields = fieldsOf(value);
  return JSON.stringify(
    Object.fromEntries(
      Object.keys(fields)
        .sort()
        .map((name) => [name, fields[name]]),
    ),
  );
};

function struct(shape: Fields, value: Fields): string {
  const parts = Object.keys(shape).map(
    (name) => `"${capital(name)}":${field(name, value[name] ?? shape[name], value)}`,
  );
  return `{${parts.join(",")}}`;
}

function field(name: string, value: unknown, parent: Fields): string {
  if (value === null || value === undefined) return "null";
  if (name === "containers" || name === "initContainers")
    return `[${(value as unknown[]).map((item) => struct(CONTAINER, fieldsOf(item))).join(",")}]`;
  if (name === "resources") return struct(RESOURCES, fieldsOf(value));
  if (name === "securityContext" && "containers" in parent) return struct(SECURITY, fieldsOf(value));
  return plain(value);
}

function plain(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plain).join(",")}]`;
  if (!isFields(value)) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, inner]) => `"${capital(name)}":${plain(inner)}`)
    .join(",")}}`;
}
