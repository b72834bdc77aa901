import { type AccessQuestion, ApiError, type ClusterRead } from "../../ports/cluster.ts";
import { at, textAt } from "../../ports/object.ts";
import type { Send } from "./transport.ts";

const GROUP = "authorization.k8s.io/v1";
/** No namespace is called that, so that no RoleBinding is in it: what may be done there may be done everywhere. */
const EVERYWHERE = "-";

interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
}

/** Questions about rights: asked, never written. */
export const createAccess = (send: Send): Pick<ClusterRead, "can" | "canEach"> => {
  const review = async (kind: string, spec: unknown, verdict: string): Promise<unknown> => {
    const path = `/apis/${GROUP}/${kind.toLowerCase()}s`;
    const { body } = await send({
      method: "POST",
      path,
      body: { apiVersion: GROUP, kind, spec },
      repeatable: true,
      expect: (answer) => typeof at(answer, "status", verdict) === "boolean",
    });
    return at(body, "status");
  };

  const can = async (question: AccessQuestion): Promise<boolean> => {
    const status = await review("SelfSubjectAccessReview", { resourceAttributes: attributesOf(question) }, "allowed");
    return at(status, "allowed") === true;
  };

  /** Undefined: the server does not know them all, as where a webhook decides too. */
  const rulesIn = async (namespace: string): Promise<readonly Rule[] | undefined> => {
    try {
      const status = await review("SelfSubjectRulesReview", { namespace }, "incomplete");
      return at(status, "incomplete") === false ? listed(at(status, "resourceRules")).map(ruleOf) : undefined;
    } catch (error) {
      if (error instanceof ApiError) return undefined;
      throw error;
    }
  };

  return {
    can,
    canEach: async (questions) => {
      const places = new Set(questions.map(({ namespace = EVERYWHERE }) => namespace));
      const known = await Promise.all([...places].map(async (place) => [place, await rulesIn(place)] as const));
      const rules = new Map(known);
      return Promise.all(
        questions.map(
          (question) => rules.get(question.namespace ?? EVERYWHERE)?.some(covering(question)) ?? can(question),
        ),
      );
    },
  };
};

const listed = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const ruleOf = (rule: unknown): Rule => {
  const texts = (field: string): readonly string[] => listed(at(rule, field)).map((value) => textAt(value));
  return {
    verbs: texts("verbs"),
    apiGroups: texts("apiGroups"),
    resources: texts("resources"),
    resourceNames: texts("resourceNames"),
  };
};

/** Source: k8s.io/kubernetes/pkg/apis/rbac/v1/evaluation_helpers.go. */
const covering = ({ verb, group, resource, name }: AccessQuestion): ((rule: Rule) => boolean) => {
  const [, subresource] = resource.split("/");
  const named = [resource, "*", ...(subresource ? [`*/${subresource}`] : [])];
  return ({ verbs, apiGroups, resources, resourceNames }) =>
    (verbs.includes(verb) || verbs.includes("*")) &&
    (apiGroups.includes(group) || apiGroups.includes("*")) &&
    resources.some((one) => named.includes(one)) &&
    (resourceNames.length === 0 || (name !== undefined && resourceNames.includes(name)));
};

const attributesOf = ({ verb, group, resource, namespace, name }: AccessQuestion): Record<string, string> => {
  const [plural = "", subresource] = resource.split("/");
  return {
    verb,
    group,
    resource: plural,
    ...(subresource ? { subresource } : {}),
    ...(namespace ? { namespace } : {}),
    ...(name ? { name } : {}),
  };
};
