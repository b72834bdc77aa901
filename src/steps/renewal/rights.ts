import { isDeepStrictEqual } from "node:util";
import { LEDGER } from "../../certificates/acme/ledger.ts";
import { controllers, strategyOf } from "../../certificates/index.ts";
import type { TlsStrategy } from "../../certificates/strategy.ts";
import { accountText } from "../../checks/account.ts";
import type { Rule } from "../../checks/cluster-role.ts";
import type { Serving } from "../../ingress/provider.ts";
import { HOME } from "../../kube/inventory.ts";
import { LEASE } from "../../kube/lease.ts";
import { STATE } from "../../kube/prior.ts";
import type { AccessQuestion, ClusterRead } from "../../ports/cluster.ts";
import { UserError } from "../../ports/error.ts";
import { groupOf, type ObjectRef } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { WILDCARD } from "../gateway-certificate/served-secret.ts";
import { releaseOf } from "../ingress/served.ts";
import type { Installation } from "../installation.ts";
import { HELLO } from "../proof/hello.ts";

/** What may be done with one resource. No namespace: it has none. No names: with all of them. */
export interface Right {
  readonly namespace?: string;
  readonly group: string;
  readonly resource: string;
  readonly names?: readonly string[];
  readonly verbs: readonly string[];
}

/** The CronJob's own account, for the words of others. */
export const ACCOUNT: ObjectRef = { apiVersion: "v1", kind: "ServiceAccount", namespace: HOME, name: "renew" };

const FOLLOW = ["list", "watch"];
/** By its name; following it takes the last two, with a field selector for the name. */
const READ = ["get", ...FOLLOW];
const SERVING = "knative-serving";

/** By their kind, what was configured for a controller in the cluster: it may be told to get certificates still. */
const configured = (wanted: string): readonly string[] =>
  controllers.flatMap(({ configures }) =>
    configures.filter(({ kind }) => kind === wanted).map(({ metadata }) => metadata.name),
  );
const TLS_CONFIG = ["config-network", ...configured("ConfigMap"), "config-domain"];

/**
 * Everything that `renew` does to a cluster, and no more. What it waits for it also follows. Pure: Roles and pre-flight are made from the
 * same table.
 */
export const renewalRights = (install: Installation): readonly Right[] => [
  ...keeping(strategyOf(install.config.tls)),
  ...proving(),
  ...serving(install),
  ...finding(install),
];

/** The certificate and what is known of orders; the lock; who the cluster is. */
const keeping = ({ acme, root }: TlsStrategy): readonly Right[] => {
  const home = { namespace: HOME, group: "" };
  const own = acme
    ? [
        // Accounts, orders and certificates: an order's name is made from what it is for.
        { ...home, resource: "secrets", verbs: [...READ, "create", "patch", "delete"] },
        { ...home, resource: "configmaps", names: [STATE.name, LEDGER.name], verbs: ["get", "patch"] },
        { ...home, resource: "configmaps", verbs: ["create"] },
      ]
    : [
        {
          ...home,
          resource: "secrets",
          names: [WILDCARD.name, ...(root?.secret ? [root.secret.name] : [])],
          verbs: [...READ, "patch"],
        },
        { ...home, resource: "secrets", verbs: ["create"] },
        { ...home, resource: "configmaps", names: [STATE.name], verbs: ["get", "patch"] },
      ];
  const lease = { namespace: HOME, group: groupOf(LEASE.apiVersion), resource: "leases" };
  return [
    ...own,
    { ...lease, names: [LEASE.name], verbs: ["get", "update", "delete"] },
    { ...lease, verbs: ["create"] },
    { group: "", resource: "namespaces", names: [HOME, "kube-system"], verbs: ["get"] },
  ];
};

/** The temporary Service and what it becomes. */
const proving = (): readonly Right[] => {
  const service = { namespace: HOME, group: groupOf(HELLO.apiVersion), resource: "services" };
  return [
    { ...service, names: [HELLO.name], verbs: [...READ, "patch", "delete"] },
    { ...service, verbs: ["create"] },
    ...explaining(HOME),
  ];
};

/** Why pods do not run. */
const explaining = (namespace: string): readonly Right[] => [
  { namespace, group: "", resource: "pods", verbs: FOLLOW },
  { namespace, group: "", resource: "events", verbs: FOLLOW },
];

/** Whether Deployments run, and why not. */
const watching = (namespace: string): readonly Right[] => [
  { namespace, group: "apps", resource: "deployments", verbs: FOLLOW },
  ...explaining(namespace),
];

/** What the ingress is told: all of it is looked at, what differs from certificate to certificate is written. */
const serving = (install: Installation): readonly Right[] => {
  const { ingress } = install;
  const secret = { namespace: HOME, name: WILDCARD.name };
  const [before, after] = ["0", "1"].map((fingerprint) =>
    ingress.serve({ secret, fingerprint, data: { "tls.crt": fingerprint }, http: "redirect" }, releaseOf(install)),
  ) as [Serving, Serving];
  const told = [...before.fields, ...before.objects].flatMap((object): readonly Right[] => {
    const isWhole = before.objects.includes(object);
    const isWritten = ![...after.fields, ...after.objects].some((other) => isDeepStrictEqual(object, other));
    const { namespace, name } = object.metadata;
    const kind = {
      ...(namespace ? { namespace } : {}),
      group: groupOf(object.apiVersion),
      resource: `${object.kind.toLowerCase()}s`,
    };
    return [
      { ...kind, names: [name], verbs: isWritten ? ["get", "patch"] : ["get"] },
      // A copy that somebody has deleted is made again. A right to create goes by no name.
      ...(isWhole && isWritten ? [{ ...kind, verbs: ["create"] }] : []),
    ];
  });
  const namespaces = new Set(ingress.deployments.map(({ namespace = "" }) => namespace));
  return [
    ...told,
    // What https is made of besides; the last one is only looked at when a URL is not what it should be.
    { namespace: SERVING, group: "", resource: "configmaps", names: TLS_CONFIG, verbs: ["get"] },
    { namespace: SERVING, group: "apps", resource: "deployments", names: configured("Deployment"), verbs: ["get"] },
    ...[...namespaces].flatMap(watching),
  ];
};

/** Where the gateway answers. */
const finding = ({ config, ingress }: Installation): readonly Right[] => {
  const nodes: Right = { group: "", resource: "nodes", verbs: FOLLOW };
  const kept: Right = { namespace: HOME, group: "", resource: "configmaps", names: [STATE.name], verbs: READ };
  if (config.expose === "nodeport") return [...(config.address ? [] : [nodes]), kept];
  if (config.address) return [];
  const { namespace = "", name } = ingress.service;
  return [{ namespace, group: "", resource: "services", names: [name], verbs: READ }];
};

/** The rules of one Role (or, without a namespace, of the ClusterRole), one for each resource and set of names. */
export const rulesIn = (
  rights: readonly Right[],
  namespace: string | undefined,
): readonly (Rule & {
  readonly resourceNames?: readonly string[];
})[] => {
  const there = rights.filter((right) => right.namespace === namespace);
  const alike = Map.groupBy(there, ({ group, names, verbs }) => JSON.stringify([group, names ?? [], verbs]));
  return [...alike.values()].map((same) => ({
    apiGroups: [same[0]?.group ?? ""],
    resources: [...new Set(same.map(({ resource }) => resource))],
    ...(same[0]?.names ? { resourceNames: same[0].names } : {}),
    verbs: same[0]?.verbs ?? [],
  }));
};

/** Each right as the server is asked for it. */
export const questionsFor = (rights: readonly Right[]): readonly AccessQuestion[] =>
  rights.flatMap(({ namespace, group, resource, names, verbs }) =>
    (names ?? [undefined]).flatMap((name) =>
      verbs.map((verb) => ({
        verb,
        group,
        resource,
        ...(namespace ? { namespace } : {}),
        ...(name ? { name } : {}),
      })),
    ),
  );

const placeOf = ({ namespace, name }: AccessQuestion): string =>
  `${name ? ` ${name}` : ""}${namespace ? ` in ${namespace}` : ""}`;

/** `get, patch configmaps state in kn-bootstrap` */
const text = (missing: readonly AccessQuestion[]): string =>
  [
    ...Map.groupBy(
      missing,
      (question) => `${question.resource}${question.group ? `.${question.group}` : ""}${placeOf(question)}`,
    ),
  ]
    .map(([what, same]) => `${same.map(({ verb }) => verb).join(", ")} ${what}`)
    .join("; ");

/** Throws before the first write when the account may not do all that a renewal takes (exit code 1): each missing right by its name. */
export const assertRenewalRights = async (
  install: Installation,
  cluster: Pick<ClusterRead, "can" | "canEach" | "account">,
): Promise<void> => {
  if (await cluster.can({ verb: "*", group: "*", resource: "*" })) return;
  const questions = questionsFor(renewalRights(install));
  const answers = await cluster.canEach(questions);
  const missing = questions.filter((_, index) => !answers[index]);
  if (missing.length === 0) return;
  throw new UserError({
    id: "renew.rights",
    what: `${accountText(await cluster.account())} lacks rights that renew needs.`,
    why: `It may not ${text(missing)}. Nothing was changed.`,
    remedy: {
      text: "Where the CronJob's account lacks them, an administrator runs this again; it writes the Roles anew:",
      command: sh`kn-bootstrap renew --install-cronjob --image IMAGE`,
    },
    kind: "failed",
  });
};
