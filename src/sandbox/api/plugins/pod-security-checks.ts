/**
 * What the Pod Security Standards ask of a pod, in the words of k8s.io/pod-security-admission policy/check_*.go and in the order of
 * these files. Left out are the checks of fields that nothing here sets: AppArmor, procMount, SELinux, sysctls, Windows.
 */

import type { Fields } from "../json.ts";
import { at, fieldsOf, listOf, objectsOf } from "../json.ts";

export type Level = "privileged" | "baseline" | "restricted";

interface Violation {
  readonly reason: string;
  readonly detail: string;
}
type Check = (spec: Fields) => Violation | undefined;

/** `allowPrivilegeEscalation != false (container "a" must set …), …`; empty: the pod is as it has to be. */
export function violations(level: Level, podSpec: unknown): string {
  const spec = fieldsOf(podSpec);
  return CHECKS[level]
    .flatMap((check) => check(spec) ?? [])
    .map(({ reason, detail }) => `${reason} (${detail})`)
    .join(", ");
}

const containersOf = (spec: Fields): Fields[] => [...objectsOf(spec.initContainers), ...objectsOf(spec.containers)];
const security = (container: Fields, ...path: string[]): unknown => at(container, "securityContext", ...path);
const quoted = (names: Iterable<unknown>): string => [...names].map((name) => JSON.stringify(String(name))).join(", ");
const distinct = (values: readonly unknown[]): string[] => [...new Set(values.map(String))].sort();
const plural = (word: string, count: number): string => (count === 1 ? word : `${word}s`);
const named = (containers: readonly Fields[]): string =>
  `${plural("container", containers.length)} ${quoted(containers.map(({ name }) => name))}`;

/** Reported when a container is like that. */
const ofContainers =
  (reason: string, isBad: (container: Fields) => boolean, must: string): Check =>
  (spec) => {
    const bad = containersOf(spec).filter(isBad);
    return bad.length > 0 ? { reason, detail: `${named(bad)} ${must}` } : undefined;
  };

/** A field of the pod that its containers may override: who sets it to something bad, else who lacks it. */
const inherited =
  (reason: string, path: readonly string[], isGood: (value: unknown) => boolean, words: Words): Check =>
  (spec) => {
    const own = security(spec, ...path);
    const containers = containersOf(spec);
    const isSet = (value: unknown): boolean => value !== undefined && value !== null;
    const bad = containers.filter((one) => isSet(security(one, ...path)) && !isGood(security(one, ...path)));
    const values = [...(isSet(own) && !isGood(own) ? [own] : []), ...bad.map((one) => security(one, ...path))];
    if (values.length > 0) {
      const who = [...(values.length > bad.length ? ["pod"] : []), ...(bad.length > 0 ? [named(bad)] : [])];
      return { reason, detail: `${who.join(" and ")} ${words.bad(distinct(values))}` };
    }
    const lacking = containers.filter((one) => !isSet(security(one, ...path)));
    if (words.lacking === undefined || isSet(own) || lacking.length === 0) return undefined;
    return { reason, detail: `pod or ${named(lacking)} ${words.lacking}` };
  };
interface Words {
  readonly bad: (values: readonly string[]) => string;
  /** Absent: it need not be set. */
  readonly lacking?: string;
}

const hostNamespaces: Check = (spec) => {
  const shared = ["hostIPC", "hostNetwork", "hostPID"].filter((field) => spec[field] === true);
  return shared.length > 0 ? { reason: "host namespaces", detail: shared.join(", ") } : undefined;
};

const hostPathVolumes: Check = (spec) => {
  const names = objectsOf(spec.volumes).flatMap(({ name, hostPath }) => (hostPath ? [name] : []));
  return names.length > 0
    ? { reason: "hostPath volumes", detail: `${plural("volume", names.length)} ${quoted(names)}` }
    : undefined;
};

const hostPorts: Check = (spec) => {
  const portsOf = (container: Fields): unknown[] =>
    objectsOf(container.ports).flatMap(({ hostPort }) => (hostPort ? [hostPort] : []));
  const bad = containersOf(spec).filter((container) => portsOf(container).length > 0);
  const ports = distinct(bad.flatMap(portsOf));
  const use = bad.length === 1 ? "uses" : "use";
  return bad.length > 0
    ? { reason: "hostPort", detail: `${named(bad)} ${use} ${plural("hostPort", ports.length)} ${ports.join(", ")}` }
    : undefined;
};

const privileged = ofContainers(
  "privileged",
  (container) => security(container, "privileged") === true,
  "must not set securityContext.privileged=true",
);

const USUAL = new Set(
  "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT".split(
    " ",
  ),
);

const added = (container: Fields, isAllowed: (capability: string) => boolean): string[] =>
  listOf(security(container, "capabilities", "add"))
    .map(String)
    .filter((capability) => !isAllowed(capability));

/** Who adds more than that. */
const additions = (spec: Fields, isAllowed: (capability: string) => boolean): string | undefined => {
  const bad = containersOf(spec).filter((container) => added(container, isAllowed).length > 0);
  const names = distinct(bad.flatMap((container) => added(container, isAllowed)));
  return bad.length > 0
    ? `${named(bad)} must not include ${quoted(names)} in securityContext.capabilities.add`
    : undefined;
};

const capabilitiesBaseline: Check = (spec) => {
  const detail = additions(spec, (capability) => USUAL.has(capability));
  return detail ? { reason: "non-default capabilities", detail } : undefined;
};

const capabilitiesRestricted: Check = (spec) => {
  const keeping = containersOf(spec).filter(
    (container) => !listOf(security(container, "capabilities", "drop")).includes("ALL"),
  );
  const details = [
    keeping.length > 0 ? `${named(keeping)} must set securityContext.capabilities.drop=["ALL"]` : undefined,
    additions(spec, (capability) => capability === "NET_BIND_SERVICE"),
  ].filter((detail) => detail !== undefined);
  return details.length > 0 ? { reason: "unrestricted capabilities", detail: details.join("; ") } : undefined;
};

const isProfile = (type: unknown): boolean => type === "RuntimeDefault" || type === "Localhost";
const badProfile = (values: readonly string[]): string =>
  `must not set securityContext.seccompProfile.type to ${quoted(values)}`;
const seccompBaseline = inherited("seccompProfile", ["seccompProfile", "type"], isProfile, { bad: badProfile });
const seccompRestricted = inherited("seccompProfile", ["seccompProfile", "type"], isProfile, {
  bad: badProfile,
  lacking: 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"',
});

const allowPrivilegeEscalation = ofContainers(
  "allowPrivilegeEscalation != false",
  (container) => security(container, "allowPrivilegeEscalation") !== false,
  "must set securityContext.allowPrivilegeEscalation=false",
);

const KNOWN_VOLUMES = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

const restrictedVolumes: Check = (spec) => {
  const bad = objectsOf(spec.volumes).filter((volume) => !KNOWN_VOLUMES.some((type) => volume[type]));
  const types = distinct(bad.flatMap((volume) => Object.keys(volume).filter((field) => field !== "name")));
  const use = bad.length === 1 ? "uses" : "use";
  const what = `${plural("volume", bad.length)} ${quoted(bad.map(({ name }) => name))}`;
  return bad.length > 0
    ? {
        reason: "restricted volume types",
        detail: `${what} ${use} ${plural("restricted volume type", types.length)} ${quoted(types)}`,
      }
    : undefined;
};

const runAsNonRoot = inherited("runAsNonRoot != true", ["runAsNonRoot"], (value) => value === true, {
  bad: () => "must not set securityContext.runAsNonRoot=false",
  lacking: "must set securityContext.runAsNonRoot=true",
});

const runAsUser = inherited("runAsUser=0", ["runAsUser"], (value) => value !== 0, {
  bad: () => "must not set runAsUser=0",
});

const ALWAYS = [hostNamespaces, hostPorts, privileged];
const CHECKS: Readonly<Record<Level, readonly Check[]>> = {
  privileged: [],
  baseline: [...ALWAYS, capabilitiesBaseline, hostPathVolumes, seccompBaseline],
  restricted: [
    ...ALWAYS,
    allowPrivilegeEscalation,
    capabilitiesRestricted,
    restrictedVolumes,
    runAsNonRoot,
    runAsUser,
    seccompRestricted,
  ],
};
