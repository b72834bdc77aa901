import type { Account } from "../ports/cluster.ts";

/** For people: `The account system:serviceaccount:ci:installer`. */
export const accountText = ({ name, isKnown }: Account): string =>
  isKnown ? `The account ${name}` : `The account that the kubeconfig calls "${name}"`;

/** The subject of a binding, as the server knows the account. */
export type Subject =
  | { readonly kind: "ServiceAccount"; readonly namespace: string; readonly name: string }
  | { readonly kind: "User"; readonly apiGroup: string; readonly name: string };

/** Undefined: only the server knows the name that has to be bound. */
export const subjectOf = ({ name, isKnown }: Account): Subject | undefined => {
  if (!isKnown) return undefined;
  const [, namespace, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name) ?? [];
  return namespace && account
    ? { kind: "ServiceAccount", namespace, name: account }
    : { kind: "User", apiGroup: "rbac.authorization.k8s.io", name };
};

/** The flag of `kubectl create clusterrolebinding`. */
export const subjectFlag = (account: Account): readonly string[] => {
  const subject = subjectOf(account);
  if (!subject) return ["--user=NAME"];
  return subject.kind === "ServiceAccount"
    ? [`--serviceaccount=${subject.namespace}:${subject.name}`]
    : [`--user=${subject.name}`];
};
