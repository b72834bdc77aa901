import { ensure, isPodReady, keyOf, keysOfKind, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Api, Obj } from "../types.ts";
import { isTrustedBy, makeWebhookCertificates, type WebhookCertificates } from "../webhook-certificates.ts";
import type { Webhook } from "../webhooks.ts";
import { inject } from "./injection.ts";
import { ISTIO } from "./names.ts";
import { policyRefusal } from "./peers.ts";
import type { Snapshot } from "./servers.ts";
import { gatewayRefusal } from "./validation.ts";
import { isIngressGateway, isIstiod, istiods, istioMinor } from "./workloads.ts";

/** istiod: what it writes into the cluster, what it tells the gateways, and its webhooks. */

const MANAGER = "pilot-discovery";
const ADMISSION = "admissionregistration.k8s.io/v1";
const CONFIGURATIONS = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];
/** Where it does not bring its root certificate (pkg/kube/inject, IgnoredNamespaces). */
const IGNORED = new Set(["kube-system", "kube-public", "kube-node-lease", "local-path-storage"]);
const ROOT = "istio-ca-root-cert";
const CA_SECRET = "istio-ca-secret";
const LEADER = "control-plane.alpha.kubernetes.io/leader";

/** What its parts elect their leaders with, where there is no Gateway API: ConfigMaps (pilot/pkg/leaderelection/leaderelection.go). */
const leadersOf = (minor: number): readonly string[] => [
  "istio-leader",
  "istio-namespace-controller-election",
  ...(minor < 27 ? ["istio-gateway-status-leader"] : []),
  ...(minor < 20 ? ["istio-gateway-deployment-leader"] : []),
  ...(minor >= 25 ? ["istio-ip-autoallocate"] : []),
];

export interface Istiod {
  readonly reconcilers: readonly Reconciler[];
  readonly webhook: Webhook;
}

export const createIstiod = (stage: Stage, push: (snapshot: Snapshot) => void): Istiod => {
  const { api } = stage;
  const made = new Map<string, Promise<WebhookCertificates>>();
  const shown = new Set<string>();

  const make = async (namespace: string): Promise<WebhookCertificates> => {
    const fresh = await makeWebhookCertificates("istiod", namespace);
    shown.add(fresh["server-cert.pem"]);
    const data = { "ca-cert.pem": fresh["ca-cert.pem"], "ca-key.pem": fresh["server-key.pem"] };
    await ensure(api, MANAGER, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: CA_SECRET, namespace },
      type: "istio.io/ca-root",
      data,
    });
    return fresh;
  };

  /** What it signs with lies in its namespace, and is made anew where it has gone. Several ask at once. */
  const certificates = async (namespace: string): Promise<WebhookCertificates> => {
    const known = made.get(namespace);
    await known;
    if (known && api.get({ apiVersion: "v1", kind: "Secret", namespace, name: CA_SECRET })) return known;
    // Another may have begun in the meantime.
    const begun = made.get(namespace);
    if (begun && begun !== known) return begun;
    const fresh = make(namespace);
    made.set(namespace, fresh);
    return fresh;
  };

  const namespaces = (): readonly string[] => [
    ...new Set(istiods(stage).map(({ metadata }) => metadata.namespace ?? "")),
  ];

  /** As the ConfigMap of its revision has them. */
  const injectorValues = ({ metadata: { namespace = "", labels = {} } }: Obj): string => {
    const revision = labels["istio.io/rev"] ?? "default";
    const name = `istio-sidecar-injector${revision === "default" ? "" : `-${revision}`}`;
    return api.get({ apiVersion: "v1", kind: "ConfigMap", namespace, name })?.data?.values ?? "";
  };

  const snapshot = async (): Promise<Snapshot> => {
    const accounts = api.list("v1", "Pod").filter(isIngressGateway).map(accountOf);
    const readers = new Set<string>();
    for (const account of new Set(accounts)) if (await mayRead(api, account)) readers.add(account);
    return {
      gateways: api.list(ISTIO, "Gateway"),
      virtualServices: api.list(ISTIO, "VirtualService"),
      services: api.list("v1", "Service"),
      secrets: new Map(api.list("v1", "Secret").map((secret) => [keyOf(secret), secret])),
      readers,
    };
  };

  const discovery: Reconciler = {
    name: "istiod",
    keys: ({ object }) =>
      PUSHED.has(object.kind) || (object.kind === "Pod" && (isIstiod(object) || isIngressGateway(object)))
        ? ["push"]
        : [],
    reconcile: async () => {
      if (istiods(stage).length > 0) push(await snapshot());
      return undefined;
    },
  };

  const roots: Reconciler = {
    name: "istiod-namespaces",
    keys: (event) => {
      const { object } = event;
      if (object.kind === "Pod" && isIstiod(object) && isPodReady(object))
        return api.list("v1", "Namespace").map(keyOf);
      if (object.kind === "ConfigMap" && object.metadata.name === ROOT) return [`/${object.metadata.namespace}`];
      return keysOfKind(event, "v1", "Namespace");
    },
    reconcile: async (key) => {
      const [home] = namespaces();
      const name = key.slice(1);
      const found = api.get({ apiVersion: "v1", kind: "Namespace", name });
      if (home === undefined || !found || found.metadata.deletionTimestamp || IGNORED.has(name)) return undefined;
      const root = Buffer.from((await certificates(home))["ca-cert.pem"], "base64").toString();
      await ensure(api, MANAGER, {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: ROOT, namespace: name, labels: { "istio.io/config": "true" } },
        data: { "root-cert.pem": root },
      });
      if (name !== home) return undefined;
      const [first] = istiods(stage);
      const lease = JSON.stringify({
        holderIdentity: first?.metadata.name,
        holderKey: "default",
        leaseDurationSeconds: 30,
      });
      for (const leader of leadersOf(istioMinor(first)))
        await ensure(api, MANAGER, {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: leader, namespace: home, annotations: { [LEADER]: lease } },
        });
      return undefined;
    },
  };

  const webhooks: Reconciler = {
    name: "istiod-webhooks",
    keys: ({ object }) => {
      if (CONFIGURATIONS.includes(object.kind)) return [`${object.kind}/${object.metadata.name}`];
      if (object.kind !== "Pod" || !isIstiod(object)) return [];
      return CONFIGURATIONS.flatMap((kind) =>
        api.list(ADMISSION, kind).map(({ metadata }) => `${kind}/${metadata.name}`),
      );
    },
    reconcile: async (key) => {
      const [kind = "", name = ""] = key.split("/");
      const ref = { apiVersion: ADMISSION, kind, name };
      const isOurs = ({ clientConfig: { service } }: Obj): boolean =>
        service !== undefined && isIstiodService(service) && namespaces().includes(service.namespace);
      const [first] = ((api.get(ref)?.webhooks ?? []) as Obj[]).filter(isOurs);
      if (!first) return undefined;
      const caBundle = (await certificates(first.clientConfig.service.namespace))["ca-cert.pem"];
      await api.update(MANAGER, ref, (draft) => {
        for (const webhook of (draft.webhooks as Obj[]).filter(isOurs)) {
          webhook.clientConfig.caBundle = caBundle;
          // Once it answers, nothing passes it by.
          if (kind === "ValidatingWebhookConfiguration") webhook.failurePolicy = "Fail";
        }
      });
      return undefined;
    },
  };

  return {
    reconcilers: [discovery, roots, webhooks],
    webhook: {
      service: (key) => {
        const [namespace = "", name = ""] = key.split("/");
        return isIstiodService({ name }) && namespaces().includes(namespace);
      },
      isTrusted: (caBundle) => [...shown].some((certificate) => isTrustedBy(certificate, caBundle)),
      answer: (path, { object }) => {
        const [istiod] = istiods(stage);
        if (path.startsWith("/inject"))
          return {
            allowed: true,
            ...(object && istiod ? inject(object, istiod, injectorValues(istiod), stage.version) : {}),
          };
        const refusal = object && refusalOf(object, istioMinor(istiod));
        return refusal ? { allowed: false, message: `configuration is invalid: ${refusal}` } : { allowed: true };
      },
    },
  };
};

const refusalOf = (object: Obj, minor: number): string | undefined => {
  if (object.kind === "PeerAuthentication") return policyRefusal(object);
  return object.kind === "Gateway" ? gatewayRefusal(object, minor) : undefined;
};

/** Kinds whose change is news for a gateway. */
const PUSHED = new Set(["Gateway", "VirtualService", "Service", "Secret", "Role", "RoleBinding", "ClusterRoleBinding"]);

/** `istiod`, or `istiod-<revision>`. */
const isIstiodService = ({ name }: { name: string }): boolean => /^istiod(-|$)/.test(name);

const accountOf = ({ metadata: { namespace }, spec }: Obj): string =>
  `${namespace}/${spec.serviceAccountName ?? "default"}`;

/** Whether an account may list the Secrets of its namespace, as istiod asks before it hands one out. */
const mayRead = async (api: Api, account: string): Promise<boolean> => {
  const [namespace = "", name = ""] = account.split("/");
  const { body } = await api.request({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: {
        resourceAttributes: { verb: "list", resource: "secrets", namespace },
        user: `system:serviceaccount:${namespace}:${name}`,
      },
    },
  });
  return (body as Obj).status?.allowed === true;
};
