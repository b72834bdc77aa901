/** Access reviews: questions that are answered and not stored. */

import type { User } from "./access.ts";
import { decide, rulesOf } from "./access.ts";
import { timestamp } from "./call.ts";
import type { Fields } from "./json.ts";
import { fieldsOf, isFields, listOf } from "./json.ts";
import type { Resource } from "./resource.ts";
import { apiVersionOf } from "./resource.ts";
import { badRequest, invalid, wrong } from "./status.ts";
import type { Store } from "./store.ts";

/** Reviews about oneself, as the default role system:basic-user. */
const BASIC_USER: readonly Fields[] = [
  {
    verbs: ["create"],
    apiGroups: ["authorization.k8s.io"],
    resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
  },
  { verbs: ["create"], apiGroups: ["authentication.k8s.io"], resources: ["selfsubjectreviews"] },
];

/** The answered review. Throws StatusError. */
export function review(store: Store, resource: Resource, user: User, namespace: string, sent: Fields): Fields {
  const spec = fieldsOf(sent.spec);
  const answer = (status: Fields): Fields => ({
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
    metadata: fieldsOf(sent.metadata),
    spec,
    status,
  });
  switch (resource.plural) {
    case "selfsubjectreviews":
      return {
        kind: resource.kind,
        apiVersion: apiVersionOf(resource),
        metadata: { creationTimestamp: timestamp() },
        status: { userInfo: { username: user.name, groups: user.groups } },
      };
    case "selfsubjectrulesreviews":
      if (!spec.namespace) throw badRequest("no namespace on request");
      return answer({
        resourceRules: [
          ...(user.groups.includes("system:masters")
            ? [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }]
            : rulesOf(store, user, String(spec.namespace))),
          ...BASIC_USER,
        ],
        nonResourceRules: [
          {
            verbs: ["get"],
            nonResourceURLs: [
              "/api",
              "/api/*",
              "/apis",
              "/apis/*",
              "/healthz",
              "/livez",
              "/openapi",
              "/openapi/*",
              "/readyz",
              "/version",
              "/version/",
            ],
          },
        ],
        incomplete: false,
      });
    case "selfsubjectaccessreviews":
      return answer(decision(store, user, spec));
    default: {
      const asked: User = { name: String(spec.user ?? ""), groups: listOf(spec.groups).map(String) };
      if (asked.name === "" && asked.groups.length === 0)
        throw badRequest('spec.user: Invalid value: "": at least one of user or group must be specified');
      if (resource.namespaced && fieldsOf(spec.resourceAttributes).namespace !== namespace)
        throw badRequest("spec.resourceAttributes.namespace must match metadata.namespace");
      return answer(decision(store, asked, spec));
    }
  }
}

function decision(store: Store, user: User, spec: Fields): Fields {
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (isFields(resourceAttributes) === isFields(nonResourceAttributes))
    throw invalid("authorization.k8s.io", "", "", [
      wrong(
        "spec.resourceAttributes",
        resourceAttributes ?? null,
        "exactly one of nonResourceAttributes or resourceAttributes must be specified",
      ),
    ]);
  const asked = fieldsOf(resourceAttributes ?? nonResourceAttributes);
  const text = (name: string): string => String(asked[name] ?? "");
  const { allowed, reason } = decide(store, user, {
    verb: text("verb"),
    namespace: text("namespace"),
    group: text("group"),
    resource: text("resource"),
    subresource: text("subresource"),
    name: text("name"),
    ...(isFields(nonResourceAttributes) ? { path: text("path") } : {}),
  });
  return { allowed, ...(reason === "" ? {} : { reason }) };
}
