import { isTemporary, kindOf, ofKind, READ } from "../changes/index.ts";
import { changesOf, type Plan } from "../core/change.ts";
import { LEASE } from "../kube/lease.ts";
import type { AccessQuestion, ApiResource } from "../ports/cluster.ts";
import { at, groupOf } from "../ports/object.ts";
import { type Lines, lines } from "../ports/shell.ts";
import type { Subject } from "./account.ts";

/** A rule of an RBAC role. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const RBAC = "rbac.authorization.k8s.io";
const ORDER: readonly string[] = [...READ, "create", "patch", "update", "delete", "escalate", "bind"];

export const isRead = ({ verb }: AccessQuestion): boolean => READ.some((read) => read === verb);
/** A right that an account needs only to give away what it does not have itself. */
export const isGrant = ({ verb }: AccessQuestion): boolean => verb === "escalate" || verb === "bind";

/** What pre-flight looks at besides the kinds of the plan; the second only where there is an operator. */
const BEFORE = [
  { group: "", resource: "nodes" },
  { group: "operator.knative.dev", resource: "knativeservings" },
];
/** What the steps' checks look at while they wait; events only explain, but without them a wait could not say why. */
const DURING = [
  { group: "", resource: "pods" },
  { group: "apps", resource: "replicasets" },
  { group: "", resource: "events" },
  { group: "discovery.k8s.io", resource: "endpointslices" },
  { group: "networking.internal.knative.dev", resource: "serverlessservices" },
  // The last screen says who renews.
  { group: "batch", resource: "cronjobs" },
];
/** What the proof's wait looks at, to tell why its Service does not come. */
const PROVING = ["configurations", "revisions", "routes"].map((resource) => ({
  group: "serving.knative.dev",
  resource,
}));
const LOCK = ["get", "create", "update", "delete"].map((verb) => ({
  verb,
  group: groupOf(LEASE.apiVersion),
  resource: "leases",
}));

/**
 * Every right that it takes to work out a plan, each once. Pure: `known` is the server's discovery, which names the resources; kinds
 * that it does not have yet are named by the CRDs in the plan.
 */
export const rightsToPlan = (plan: Plan, known: readonly ApiResource[]): readonly AccessQuestion[] => {
  const served = new Set(known.map(({ apiVersion, plural }) => `${groupOf(apiVersion)}/${plural}`));
  const before = BEFORE.filter(({ group, resource }) => plan.goal === "present" && served.has(`${group}/${resource}`));
  return unique([...rightsOf(plan, known).filter(isRead), ...before.flatMap(toRead)]);
};

/** Every right that it takes to carry a plan out, working it out again included. */
export const rightsToRun = (plan: Plan, known: readonly ApiResource[]): readonly AccessQuestion[] => {
  const isProved = changesOf(plan).filter(ofKind("object")).some(isTemporary);
  const during = plan.goal === "present" ? [...DURING, ...(isProved ? PROVING : [])].flatMap(toRead) : [];
  return unique([...rightsToPlan(plan, known), ...during, ...rightsOf(plan, known), ...LOCK]);
};

export const unique = (rights: readonly AccessQuestion[]): readonly AccessQuestion[] => [
  ...new Map(rights.map((right) => [`${right.verb} ${right.group}/${right.resource}`, right])).values(),
];

type Target = Pick<AccessQuestion, "group" | "resource">;

const toRead = (target: Target): readonly AccessQuestion[] => READ.map((verb) => ({ verb, ...target }));

/** What the changes themselves ask for. */
const rightsOf = (plan: Plan, known: readonly ApiResource[]): readonly AccessQuestion[] => {
  const changes = changesOf(plan);
  const plurals = new Map(known.map(({ apiVersion, kind, plural }) => [`${groupOf(apiVersion)}/${kind}`, plural]));
  for (const { object } of changes.filter(ofKind("object"))) {
    if (object.kind !== "CustomResourceDefinition") continue;
    const { spec } = object;
    plurals.set(`${at(spec, "group")}/${at(spec, "names", "kind")}`, String(at(spec, "names", "plural")));
  }
  return changes
    .flatMap((change) => kindOf(change).requires(change).rights)
    .flatMap(({ apiVersion, kind, verbs }) => {
      const group = groupOf(apiVersion);
      const resource = plurals.get(`${group}/${kind}`) ?? `${kind.toLowerCase()}s`;
      return verbs.map((verb) => ({ verb, group, resource }));
    });
};

/** What may be done with each resource, its verbs and the resources in a fixed order. */
const byResource = (rights: readonly AccessQuestion[]): readonly (Target & { verbs: readonly string[] })[] => {
  const groups = Map.groupBy(rights, ({ group, resource }) => `${group}/${resource}`);
  return [...groups.keys()].sort().map((key) => {
    // A subresource has a slash of its own.
    const [, group = "", resource = ""] = /^([^/]*)\/(.*)$/.exec(key) ?? [];
    const verbs = groups.get(key)?.map(({ verb }) => verb) ?? [];
    return { group, resource, verbs: verbs.sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b)) };
  });
};

/** The fewest rules that give exactly these rights. */
export const rulesFor = (rights: readonly AccessQuestion[]): readonly Rule[] =>
  [...Map.groupBy(byResource(rights), ({ group, verbs }) => `${group} ${verbs.join()}`).values()].map((alike) => ({
    apiGroups: [alike[0]?.group ?? ""],
    resources: alike.map(({ resource }) => resource),
    verbs: alike[0]?.verbs ?? [],
  }));

/** For people: `get, list, watch nodes, pods; create deployments.apps`. */
export const rightsText = (rights: readonly AccessQuestion[]): string =>
  [...Map.groupBy(byResource(rights), ({ verbs }) => verbs.join(", ")).entries()]
    .map(([verbs, alike]) => {
      const names = alike.map(({ group, resource }) => (group === "" ? resource : `${resource}.${group}`));
      return `${verbs} ${names.join(", ")}`;
    })
    .join("; ");

/** Uninstall looks through every kind, so that nothing of anybody else goes with a namespace. */
const EVERYTHING: Rule = { apiGroups: ["*"], resources: ["*"], verbs: READ };

export type Purpose = "plan" | "install" | "renew" | "uninstall" | "doctor" | "doctor-probe" | "look";

/**
 * The rules of the least ClusterRole for a purpose. No `resourceNames`: who may `escalate` can give itself everything, and a list
 * of names would only hide that.
 */
export const rulesToGrant = (purpose: Purpose, rights: readonly AccessQuestion[]): readonly Rule[] => {
  if (purpose === "plan") return rulesFor(rights.filter(isRead));
  if (purpose === "uninstall") return [EVERYTHING, ...rulesFor(rights.filter((right) => !isRead(right)))];
  return rulesFor(rights);
};

/**
 * As YAML to hand to an administrator, bound to `subject` where it is known; one name for each purpose, so that none takes the place of
 * another.
 */
export const clusterRoleYaml = (purpose: Purpose, rules: readonly Rule[], subject: Subject | undefined): Lines => {
  const list = (values: readonly string[]): string => `[${values.map((value) => JSON.stringify(value)).join(", ")}]`;
  const all = [
    `apiVersion: ${RBAC}/v1`,
    "kind: ClusterRole",
    "metadata:",
    `  name: kn-bootstrap-${purpose}`,
    "rules:",
    ...rules.flatMap(({ apiGroups, resources, verbs }) => [
      `- apiGroups: ${list(apiGroups)}`,
      `  resources: ${list(resources)}`,
      `  verbs: ${list(verbs)}`,
    ]),
    ...(subject ? bindingLines(purpose, subject) : []),
  ];
  return lines(all.join("\n"));
};

/** The name is one that no other account has: subjects are one list, and the binding of another account stays as it is. */
export const bindingName = (purpose: Purpose, subject: Subject): string => {
  const who = subject.kind === "ServiceAccount" ? `${subject.namespace}:${subject.name}` : subject.name;
  return `kn-bootstrap-${purpose}:${who.replace(/[^\w.:@-]+/g, "-")}`;
};

const bindingLines = (purpose: Purpose, subject: Subject): readonly string[] => [
  "---",
  `apiVersion: ${RBAC}/v1`,
  "kind: ClusterRoleBinding",
  "metadata:",
  `  name: ${JSON.stringify(bindingName(purpose, subject))}`,
  "roleRef:",
  `  apiGroup: ${RBAC}`,
  "  kind: ClusterRole",
  `  name: kn-bootstrap-${purpose}`,
  "subjects:",
  ...Object.entries(subject).map(
    ([key, value], index) => `${index === 0 ? "- " : "  "}${key}: ${JSON.stringify(value)}`,
  ),
];
