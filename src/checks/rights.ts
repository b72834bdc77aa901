import type { Change, Plan } from "../core/change.ts";
import { changesOf } from "../core/change.ts";
import type { AccessQuestion, ClusterPreview } from "../ports/cluster.ts";
import { ApiError } from "../ports/cluster.ts";
import { UserError } from "../ports/error.ts";
import { groupOf } from "../ports/object.ts";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** A plural for kinds that discovery does not know yet, because this run makes their CRDs. */
const guessPlural = (kind: string): string => {
  const lower = kind.toLowerCase();
  return /(s|x|z|ch|sh)$/.test(lower) ? `${lower}es` : lower.endsWith("y") ? `${lower.slice(0, -1)}ies` : `${lower}s`;
};

/** Verbs of one change. Server-side apply needs `create` and `patch`; what is in RBAC objects needs `escalate` and `bind` (rule 5). */
const verbsOf = (change: Change): readonly string[] => {
  if (change.kind === "certificate") return ["get", "create", "patch"];
  const { kind } = change.object;
  const rbac = kind === "ClusterRole" || kind === "Role" ? ["escalate"] : [];
  return change.action === "delete"
    ? ["get", "list", "delete"]
    : ["get", "list", "watch", "create", "patch", ...rbac, ...(change.temporary ? ["delete"] : [])];
};

const questionsFor = async (plan: Plan, cluster: ClusterPreview): Promise<readonly AccessQuestion[]> => {
  const questions = new Map<string, AccessQuestion>();
  for (const change of changesOf(plan)) {
    const { apiVersion, kind } = change.kind === "object" ? change.object : change.secret;
    const resource = (await cluster.resource(apiVersion, kind))?.plural ?? guessPlural(kind);
    const group = groupOf(apiVersion);
    const bind = kind.endsWith("RoleBinding")
      ? [{ verb: "bind", group, resource: kind === "RoleBinding" ? "roles" : "clusterroles" }]
      : [];
    for (const question of [...verbsOf(change).map((verb) => ({ verb, group, resource })), ...bind]) {
      questions.set(`${question.group}/${question.resource}/${question.verb}`, question);
    }
  }
  return [...questions.values()];
};

const rulesFor = (missing: readonly AccessQuestion[]): readonly Rule[] => {
  const byResource = Map.groupBy(missing, ({ group, resource }) => `${group}/${resource}`);
  return [...byResource.values()].map((questions) => ({
    apiGroups: [questions[0]?.group ?? ""],
    resources: [questions[0]?.resource ?? ""],
    verbs: questions.map(({ verb }) => verb),
  }));
};

/** The ClusterRole that has exactly what is missing, as YAML to hand to an administrator. */
const clusterRole = (rules: readonly Rule[]): string =>
  [
    "apiVersion: rbac.authorization.k8s.io/v1",
    "kind: ClusterRole",
    "metadata:",
    "  name: kn-bootstrap-installer",
    "rules:",
    ...rules.map(
      ({ apiGroups, resources, verbs }) =>
        `- apiGroups: ${JSON.stringify(apiGroups)}\n  resources: ${JSON.stringify(resources)}\n  verbs: ${JSON.stringify(verbs)}`,
    ),
  ].join("\n");

/** Rights as the server enforces them: a review may say yes and escalation prevention still no (rule 5). */
const refusedByDryRun = async (plan: Plan, cluster: ClusterPreview): Promise<readonly string[]> => {
  const roles = changesOf(plan).filter(
    (change) =>
      change.kind === "object" && change.action !== "delete" && /^ClusterRole(Binding)?$/.test(change.object.kind),
  );
  const answers = await Promise.all(
    roles.map(async (change) => {
      if (change.kind !== "object") return [];
      try {
        await cluster.dryRun(change.object, { manager: change.manager });
        return [];
      } catch (error) {
        return error instanceof ApiError && error.status === 403 ? [error.message] : [];
      }
    }),
  );
  return answers.flat();
};

/** Throws before the first write when the plan needs rights that we do not have (rule 5). */
export const assertRights = async (plan: Plan, cluster: ClusterPreview): Promise<void> => {
  if (changesOf(plan).length === 0) return;
  if (await cluster.can({ verb: "*", group: "*", resource: "*" })) return;
  const questions = await questionsFor(plan, cluster);
  const answers = await Promise.all(
    questions.map(async (question) => ((await cluster.can(question)) ? [] : [question])),
  );
  const missing = answers.flat();
  if (missing.length > 0) {
    throw new UserError({
      id: "cluster.rights",
      what: `${cluster.identity.user} lacks ${missing.length} rights that this plan needs.`,
      why: `Missing: ${missing
        .slice(0, 6)
        .map(({ verb, group, resource }) => `${verb} ${resource}${group ? `.${group}` : ""}`)
        .join(", ")}${missing.length > 6 ? " …" : ""}. Nothing was changed.`,
      remedy: { text: "Ask an administrator to grant this role:", command: clusterRole(rulesFor(missing)) },
      exitCode: 1,
    });
  }
  const refused = await refusedByDryRun(plan, cluster);
  if (refused.length > 0) {
    throw new UserError({
      id: "cluster.escalation",
      what: "The server would refuse to let this account grant what Knative's controllers need.",
      why: refused[0] ?? "",
      remedy: {
        text: "Ask an administrator to grant this role:",
        command: clusterRole([
          {
            apiGroups: ["rbac.authorization.k8s.io"],
            resources: ["clusterroles", "roles"],
            verbs: ["escalate", "bind"],
          },
        ]),
      },
      exitCode: 1,
    });
  }
};
