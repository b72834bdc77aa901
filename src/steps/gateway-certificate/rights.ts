import { isDeepStrictEqual } from "node:util";
import { LEDGER } from "../../certificates/acme/ledger.ts";
import { controllers, strategyOf } from "../../certificates/index.ts";
import { WILDCARD } from "../../certificates/served.ts";
import type { TlsStrategy } from "../../certificates/strategy.ts";
import type { Serving } from "../../ingress/provider.ts";
import { HOME } from "../../kube/inventory.ts";
import { groupOf } from "../../ports/object.ts";
import { releaseOf } from "../ingress/served.ts";
import type { Installation } from "../installation.ts";
import { READ, type Right } from "../rights.ts";

const SERVING = "knative-serving";

/** By their kind, what was configured for a controller in the cluster: it may be told to get certificates still. */
const configured = (wanted: string): readonly string[] =>
  controllers.flatMap(({ configures }) =>
    configures.filter(({ kind }) => kind === wanted).map(({ metadata }) => metadata.name),
  );
const TLS_CONFIG = ["config-network", ...configured("ConfigMap"), "config-domain"];

export const rights = (install: Installation): readonly Right[] => [
  ...keeping(strategyOf(install.config.tls)),
  ...serving(install),
];

/** The certificate, and what is known of orders. */
const keeping = ({ acme, root }: TlsStrategy): readonly Right[] => {
  const home = { namespace: HOME, group: "" };
  return acme
    ? [
        // Accounts, orders and certificates: an order's name is made from what it is for.
        { ...home, resource: "secrets", verbs: [...READ, "create", "patch", "delete"] },
        { ...home, resource: "configmaps", names: [LEDGER.name], verbs: ["get", "patch"] },
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
      ];
};

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
  return [
    ...told,
    // What https is made of besides; the last one is only looked at when a URL is not what it should be.
    { namespace: SERVING, group: "", resource: "configmaps", names: TLS_CONFIG, verbs: ["get"] },
    { namespace: SERVING, group: "apps", resource: "deployments", names: configured("Deployment"), verbs: ["get"] },
  ];
};
