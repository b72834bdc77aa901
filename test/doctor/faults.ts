import { isRecord, type KubeObject } from "../../src/ports/object.ts";
import { make } from "../certificates/provided-pki.ts";
import type { SceneZone } from "./dns.ts";
import { object, type Scene } from "./scene.ts";
import { change, type Shape } from "./shapes.ts";

/** Something that goes wrong, and the check that has to name it first. */
export interface Fault {
  readonly leads: string;
  readonly break: (scene: Scene) => Scene | Promise<Scene>;
  /** Checks, or whole areas, of which nothing can be said as long as it lasts, in the cluster or in the scene of a test. */
  readonly hides?: readonly string[];
  /** Absent: in all of them. */
  readonly in?: readonly Shape[];
}

export const isA = (kind: string, name?: string) => (one: KubeObject) =>
  one.kind === kind && (name === undefined || one.metadata.name === name);
export const edit =
  (is: (one: KubeObject) => boolean, to: (one: KubeObject) => KubeObject | undefined) => (scene: Scene) =>
    change(scene, (one) => (is(one) ? to(one) : one));
export const add =
  (...more: readonly KubeObject[]) =>
  (scene: Scene) =>
    change(scene, (one) => one, ...more);
export const data = (one: KubeObject): Record<string, string> => (one.data ?? {}) as Record<string, string>;
export const withStatus = (one: KubeObject, status: object): KubeObject => ({
  ...one,
  status: { ...(one.status as object), ...status },
});
/** As `kubectl scale --replicas=0` leaves it: it lacks nothing. */
const scaledToNone = (one: KubeObject): KubeObject => ({
  ...one,
  spec: { ...(one.spec as object), replicas: 0 },
  status: {},
});

export const unavailable = (one: KubeObject) => withStatus(one, { availableReplicas: 0, readyReplicas: 0 });
export const isUser = (one: KubeObject): boolean =>
  one.apiVersion.startsWith("serving.knative.dev") && one.kind === "Service" && one.metadata.name === "hello";
/** One more Service like the one that is there. */
export const withService =
  (name: string, url: string) =>
  (scene: Scene): Scene => {
    const like = scene.objects.find(isUser);
    if (!like) throw new Error("there is no Service");
    return add(withStatus({ ...like, metadata: { ...like.metadata, name, uid: name } }, { url }))(scene);
  };
export const config = (name: string, settings: Readonly<Record<string, string | undefined>>) =>
  edit(isA("ConfigMap", name), (one) => ({
    ...one,
    data: Object.fromEntries(Object.entries({ ...data(one), ...settings }).filter(([, value]) => value !== undefined)),
  }));

export /** What was chosen, without this. */
const withoutChoice = (key: string) =>
  edit(isA("ConfigMap", "state"), (one) => {
    const { [key]: _gone, ...choices } = JSON.parse(data(one).choices ?? "{}");
    return { ...one, data: { ...data(one), choices: JSON.stringify(choices) } };
  });

export const KOURIERS: readonly Shape[] = ["ours", "quickstart", "operator", "openshift", "eks"];
export const WITH_CERTIFICATE: readonly Shape[] = ["ours", "operator", "eks"];
export const SEEN: readonly Shape[] = ["contour", "gateway-api"];
const NOT_KNOWN_TO_US: readonly Shape[] = ["quickstart", "operator", "openshift", "istio", "eks", ...SEEN];

/** The CA of each configuration, exchanged. */
const otherRoot = (one: KubeObject): KubeObject => ({
  ...one,
  webhooks: (one.webhooks as readonly unknown[]).map((hook) =>
    isRecord(hook) && isRecord(hook.clientConfig)
      ? { ...hook, clientConfig: { ...hook.clientConfig, caBundle: "bm9uZQ==" } }
      : hook,
  ),
});

/** Another one for the same names. */
export const withCertificate =
  (from: string, until: string) =>
  async (scene: Scene): Promise<Scene> => {
    const root = await make({ subject: "CN=root", from: new Date(from), to: new Date("2040-01-01") });
    const dates = { from: new Date(from), to: new Date(until) };
    const leaf = await make({ subject: "CN=leaf", issuer: root, names: ["*.apps.example.com"], ...dates });
    const base64 = (pem: string) => Buffer.from(pem).toString("base64");
    const made = { "tls.crt": base64(leaf.pem), "tls.key": base64(leaf.key), "ca.crt": base64(root.pem) };
    return edit(
      (one) => isA("Secret", "wildcard-tls")(one) || isA("Secret", "wildcard")(one),
      (one) => ({ ...one, data: made }),
    )(scene);
  };

/** The zone of the domain, otherwise. */
export const inZone =
  (to: (zone: SceneZone) => Partial<SceneZone>) =>
  (scene: Scene): Scene => ({
    ...scene,
    internet: {
      ...scene.internet,
      zones: (scene.internet?.zones ?? []).map((zone) => ({ ...zone, ...to(zone) })),
    },
  });
export const withRecord = (...more: readonly string[]) =>
  inZone(({ records = [] }) => ({ records: [...records, ...more] }));
export const WITH_DOMAIN: readonly Shape[] = ["ours", "operator", "openshift", "istio", "eks"];
const AT_ADDRESS: readonly Shape[] = ["ours", "operator", "istio"];

export const FAULTS: Readonly<Record<string, Fault>> = {
  "the server is too old": { leads: "cluster.version", break: (scene) => ({ ...scene, version: "1.25.3" }) },
  "an API has no server": {
    leads: "cluster.apis",
    break: add(
      object("APIService.apiregistration.k8s.io/v1", "v1beta1.metrics.k8s.io", {
        status: { conditions: [{ type: "Available", status: "False", message: "service not found" }] },
      }),
    ),
  },
  "a webhook is left of something that is gone": {
    leads: "cluster.admission",
    break: add(
      object("ValidatingWebhookConfiguration.admissionregistration.k8s.io/v1", "left.example.com", {
        webhooks: [{ clientConfig: { service: { namespace: "gone", name: "hook" } }, failurePolicy: "Fail" }],
      }),
    ),
  },
  "a namespace does not go": {
    leads: "cluster.terminating",
    break: add(object("Namespace", "old", { status: {} }, { deletionTimestamp: "2020-01-01T00:00:00Z" })),
  },
  "a kind of Knative is not established": {
    leads: "crds.established",
    break: edit(isA("CustomResourceDefinition", "routes.serving.knative.dev"), (one) =>
      withStatus(one, { conditions: [{ type: "Established", status: "False", message: "not accepted" }] }),
    ),
  },
  "the controller does not run": {
    leads: "serving.deployments",
    break: edit(isA("Deployment", "controller"), unavailable),
  },
  "the controller is scaled to none": {
    leads: "serving.deployments",
    break: edit(isA("Deployment", "controller"), scaledToNone),
  },
  "the webhook does not run": {
    leads: "serving.deployments",
    hides: ["serving.webhook-certificate"],
    break: edit(isA("Deployment", "webhook"), unavailable),
  },
  "an upgrade was left half done": {
    leads: "knative.versions",
    break: edit(isA("Deployment", "activator"), (one) => ({
      ...one,
      metadata: { ...one.metadata, labels: { ...one.metadata.labels, "app.kubernetes.io/version": "1.19.0" } },
    })),
  },
  "the webhook's Secret is empty": {
    leads: "serving.webhook-certificate",
    break: edit(isA("Secret", "webhook-certs"), (one) => ({ ...one, data: {} })),
  },
  "the configurations trust another root": {
    leads: "serving.webhook-certificate",
    break: edit(isA("ValidatingWebhookConfiguration", "config.webhook.serving.knative.dev"), otherRoot),
  },
  "what asks the webhook is deleted": {
    leads: "serving.webhook",
    hides: ["serving.webhook-certificate"],
    break: edit(isA("ValidatingWebhookConfiguration", "config.webhook.serving.knative.dev"), () => undefined),
  },
  "the webhook has no endpoint": {
    leads: "serving.webhook",
    break: edit(
      (one) => one.kind === "EndpointSlice" && one.metadata.labels?.["kubernetes.io/service-name"] === "webhook",
      () => undefined,
    ),
  },
  "the ingress class is nobody's": {
    leads: "network.class",
    // Which ingress is meant is not known then.
    hides: ["ingress", "certificate", "istio"],
    in: [...KOURIERS, "istio", "gateway-api"],
    break: config("config-network", {
      "ingress-class": "contour.ingress.networking.knative.dev",
      "ingress.class": undefined,
    }),
  },
  "the ingress class is left out, and Kourier runs": {
    leads: "network.class",
    hides: ["ingress", "certificate", "istio", "kourier", "domain"],
    in: KOURIERS,
    break: config("config-network", { "ingress-class": undefined, "ingress.class": undefined }),
  },
  "the ingress class is Kourier's short name": {
    leads: "network.class",
    hides: ["ingress", "certificate", "istio", "kourier", "domain"],
    in: KOURIERS,
    break: config("config-network", { "ingress-class": "Kourier", "ingress.class": undefined }),
  },
  "the ingress class is nobody's whom anybody knows": {
    leads: "network.class",
    hides: ["ingress", "certificate", "istio", "kourier", "domain"],
    in: ["ours"],
    break: config("config-network", { "ingress-class": "kourrier.ingress.networking.knative.dev" }),
  },
  "the ingress class is Kourier's, and Istio runs": {
    leads: "network.class",
    hides: ["ingress", "certificate", "istio", "domain"],
    in: ["istio"],
    break: config("config-network", { "ingress-class": "kourier.ingress.networking.knative.dev" }),
  },
  "a key is misspelt": {
    leads: "config.keys",
    break: edit(isA("ConfigMap", "config-network"), (one) => ({
      ...one,
      metadata: { ...one.metadata, annotations: {} },
      data: { ...data(one), _example: "# http-protocol: Enabled", "htp-protocol": "Enabled" },
    })),
  },
  "a setting stands in the example": {
    leads: "config.example",
    break: edit(isA("ConfigMap", "config-gc"), (one) => ({
      ...one,
      data: { ...data(one), _example: `${data(one)._example}\nx: y` },
    })),
  },
  "metrics are asked for under the older keys": {
    leads: "observability.metrics",
    break: config("config-observability", { "metrics.backend-destination": "prometheus" }),
  },
  "the request log's template is empty": {
    leads: "observability.request-log",
    break: (scene) =>
      add(
        object("DaemonSet.apps/v1", "logging/collector", {
          spec: { template: { spec: { volumes: [{ name: "logs", hostPath: { path: "/var/log" } }] } } },
        }),
      )(
        config("config-observability", { "logging.enable-request-log": "true", "logging.request-log-template": "" })(
          scene,
        ),
      ),
  },
  "requests are logged, and nothing collects them": {
    leads: "observability.collector",
    break: config("config-observability", { "logging.enable-request-log": "true" }),
  },
  "the gateway does not run": {
    leads: "ingress.deployments",
    break: edit(
      (one) =>
        ["3scale-kourier-gateway", "istio-ingressgateway", "contour"].some((name) => isA("Deployment", name)(one)),
      unavailable,
    ),
  },
  "the gateway is scaled to none": {
    leads: "ingress.deployments",
    break: edit(
      (one) =>
        ["3scale-kourier-gateway", "istio-ingressgateway", "contour"].some((name) => isA("Deployment", name)(one)),
      scaledToNone,
    ),
  },
  "the load balancer is pending": {
    leads: "ingress.address",
    in: ["ours", "quickstart", "operator", "istio", "eks", ...SEEN],
    break: edit(
      (one) => ["kourier", "istio-ingressgateway", "envoy"].some((name) => isA("Service", name)(one)),
      (one) => ({ ...one, status: {} }),
    ),
  },
  "the default domain is misspelt": {
    leads: "domain.default",
    in: ["ours"],
    break: (scene) =>
      edit(isUser, (one) => withStatus(one, { url: "https://hello-default.apps.exmaple.com" }))(
        config("config-domain", { "apps.example.com": undefined, "apps.exmaple.com": "" })(scene),
      ),
  },
  "there are two default domains": { leads: "domain.default", break: config("config-domain", { "a.example.org": "" }) },
  "a Service is inside only": {
    leads: "domain.public",
    break: withService("private", "http://hello.default.svc.cluster.local"),
  },
  "a host is too long": {
    leads: "services.hosts",
    break: withService("long", `https://${"a".repeat(64)}.apps.example.com`),
    in: NOT_KNOWN_TO_US,
  },
  "a DomainMapping has no claim": {
    leads: "domain-mappings.claimed",
    break: add(
      object("DomainMapping.serving.knative.dev/v1beta1", "default/www.example.com", {
        status: { conditions: [{ type: "DomainClaimed", status: "False", message: "no claim" }] },
      }),
    ),
  },
  "the gateway's Secret is gone": {
    leads: "certificate.usable",
    in: WITH_CERTIFICATE,
    break: edit(
      (one) => isA("Secret", "wildcard-tls")(one) || isA("Secret", "wildcard")(one),
      () => undefined,
    ),
  },
  "the certificate has expired": {
    leads: "certificate.current",
    in: WITH_CERTIFICATE,
    break: withCertificate("2020-01-01", "2020-03-31"),
  },
  "a host is not covered": {
    leads: "certificate.covers",
    in: WITH_CERTIFICATE,
    break: withService("bare", "https://hello.default.apps.example.com"),
  },
  "a Service is not ready": {
    leads: "services.ready",
    break: edit(isUser, (one) =>
      withStatus(one, { conditions: [{ type: "Ready", status: "False", reason: "RevisionMissing", message: "x" }] }),
    ),
  },
  "the zone is not delegated": {
    leads: "dns.delegated",
    in: WITH_DOMAIN,
    break: (scene) => ({ ...scene, internet: { zones: [] } }),
  },
  "the zone was made anew, at other servers": {
    leads: "dns.delegated",
    in: WITH_DOMAIN,
    break: inZone(() => ({ isLame: true })),
  },
  "the zone has a twin": {
    leads: "dns.delegated",
    in: WITH_DOMAIN,
    break: inZone(() => ({ ns: ["ns7.example.org", "ns8.example.org"] })),
  },
  "the load balancer was made anew": {
    leads: "dns.target",
    in: AT_ADDRESS,
    break: (scene) => ({
      ...edit(
        (one) => isA("Service", "kourier")(one) || isA("Service", "istio-ingressgateway")(one),
        (one) =>
          one.apiVersion === "v1" ? withStatus(one, { loadBalancer: { ingress: [{ ip: "203.0.113.99" }] } }) : one,
      )(scene),
      probe: ({ address }) => {
        if (address !== "203.0.113.99") throw new Error("connect ETIMEDOUT");
        return { status: 404, headers: {}, body: "" };
      },
    }),
  },
  "a challenge's record hides a namespace": {
    leads: "dns.shadows",
    in: WITH_DOMAIN,
    break: (scene) =>
      withService(
        "nested",
        "http://nested.team.apps.example.com",
      )(withRecord('_acme-challenge.team.apps TXT "left"')(scene)),
  },
  "external-dns writes the same names": {
    leads: "dns.writers",
    in: ["ours"],
    break: withRecord('a-hello-default.apps TXT "heritage=external-dns,external-dns/owner=prod"'),
  },
  "the Job for a domain has failed": {
    leads: "domain.job",
    hides: ["dns", "domain"],
    break: (scene) => ({
      ...add(
        object(
          "Job.batch/v1",
          "knative-serving/default-domain",
          { status: { conditions: [{ type: "Failed", status: "True", message: "limit" }] } },
          { labels: { app: "default-domain" } },
        ),
        object("Pod", "knative-serving/default-domain-x", {}, { labels: { "job-name": "default-domain" } }),
      )(edit(isA("ConfigMap", "config-domain"), (one) => ({ ...one, data: {} }))(withoutChoice("domain")(scene))),
      logs: () =>
        '{"level":"fatal","msg":"Error finding gateway address","error":"timed out waiting for the condition"}',
    }),
  },
  "the gateway shows an older certificate": {
    leads: "certificate.served",
    // Its answers take the place of all others.
    hides: ["dns.target", "ingress.answered"],
    in: WITH_CERTIFICATE,
    break: (scene) => ({
      ...scene,
      probe: () => ({
        status: 404,
        headers: {},
        body: "",
        certificate: { subject: "", serial: "ABCD", names: [], notAfter: "2026-12-01" },
      }),
    }),
  },
  "the CronJob's runs fail": {
    leads: "renew.cronjob",
    in: ["ours"],
    break: add(
      object("CronJob.batch/v1", "kn-bootstrap/renew", { spec: { schedule: "7 4 * * *" } }, { uid: "cron" }),
      object(
        "Job.batch/v1",
        "kn-bootstrap/renew-1",
        { status: { conditions: [{ type: "Failed", status: "True", message: "limit" }] } },
        { ownerReferences: [{ uid: "cron" }] },
      ),
    ),
  },
  "the challenge leads to a zone that is gone": {
    leads: "renew.challenge",
    in: ["ours"],
    break: withRecord("_acme-challenge.apps CNAME x.gone.com"),
  },
  "the issuer has no account": {
    leads: "cert-manager.issuer",
    in: ["istio"],
    break: edit(isA("ClusterIssuer"), (one) =>
      withStatus(one, { conditions: [{ type: "Ready", status: "False", message: "Failed to register ACME account" }] }),
    ),
  },
  "a challenge of cert-manager's is stuck": {
    leads: "cert-manager.certificates",
    in: ["istio"],
    break: (scene) => {
      const wanted = scene.objects.find(
        (one) => one.kind === "Certificate" && one.apiVersion.startsWith("networking.internal.knative.dev"),
      );
      const place = `default/${wanted?.metadata.name}`;
      const owned = (uid: string, by?: string) => ({ uid, ...(by ? { ownerReferences: [{ uid: by }] } : {}) });
      const pending = { status: { state: "pending" } };
      return add(
        object("Certificate.cert-manager.io/v1", place, { status: {} }, owned("c")),
        object("CertificateRequest.cert-manager.io/v1", `${place}-1`, { status: {} }, owned("r", "c")),
        object("Order.acme.cert-manager.io/v1", `${place}-1-2`, pending, owned("o", "r")),
        object(
          "Challenge.acme.cert-manager.io/v1",
          `${place}-1-2-3`,
          {
            spec: { dnsName: "hello-default.apps.example.com" },
            status: { state: "pending", reason: "AccessDenied: not authorized to perform route53:GetChange" },
          },
          owned("h", "o"),
        ),
      )(
        edit(
          (one) => one === wanted || (one.kind === "Certificate" && one.metadata.name === wanted?.metadata.name),
          (one) => withStatus(one, { conditions: [{ type: "Ready", status: "Unknown", message: "" }] }),
        )(
          edit(isUser, (one) =>
            withStatus(one, {
              conditions: [{ type: "Ready", status: "Unknown", reason: "Uninitialized", message: "x" }],
            }),
          )(scene),
        ),
      );
    },
  },
  "CAA names another CA": {
    leads: "renew.caa",
    in: ["ours"],
    break: withRecord('@ CAA 0 issue "other.example.org"'),
  },
  "the CA's window has passed": {
    leads: "certificate.renewed",
    in: ["ours"],
    break: (scene) => {
      const end = new Date(Date.parse(scene.now ?? "") - 1_000).toISOString();
      return {
        ...scene,
        ...(scene.authority ? { authority: { ...scene.authority, window: { start: end, end } } } : {}),
      };
    },
  },
  "a webhook is left of net-istio": {
    leads: "kourier.net-istio-webhook",
    in: KOURIERS,
    break: add(
      object(
        "MutatingWebhookConfiguration.admissionregistration.k8s.io/v1",
        "webhook.istio.networking.internal.knative.dev",
        {
          webhooks: [
            { clientConfig: { service: { namespace: "knative-serving", name: "webhook" } }, failurePolicy: "Fail" },
          ],
        },
      ),
    ),
  },
  "config-istio has both forms": {
    leads: "istio.settings",
    in: ["istio"],
    break: config("config-istio", {
      "external-gateways": "[]",
      "gateway.knative-serving.knative-ingress-gateway": "a.b.svc.cluster.local",
    }),
  },
};
