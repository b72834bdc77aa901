import type { KubeObject } from "../../src/ports/object.ts";
import {
  add,
  config,
  data,
  edit,
  type Fault,
  inZone,
  isA,
  isUser,
  WITH_CERTIFICATE,
  WITH_DOMAIN,
  withCertificate,
  withRecord,
  withService,
  withStatus,
} from "./faults.ts";
import { object, type Scene } from "./scene.ts";
import type { Shape } from "./shapes.ts";

/** Of the zone; its tag, by RFC 4034 appendix B, is 45019. */
const KEY = "257 3 13 q80=";

const OPERATED: readonly Shape[] = ["operator"];
const isOperated = isA("KnativeServing");
const said = (type: string, message: string) =>
  edit(isOperated, (one) => ({
    ...withStatus(one, {
      version: "1.20.1",
      conditions: [
        { type, status: "False", message },
        { type: "Ready", status: "False", message },
      ],
    }),
  }));
const tagged = (url: string) =>
  edit(isUser, (one) => withStatus(one, { traffic: [{ tag: "blue", url, percent: 0, revisionName: "hello-00001" }] }));
const mapping = (fields: object) =>
  object("DomainMapping.serving.knative.dev/v1beta1", "default/www.example.com", { ...fields });
const claimed = { conditions: [{ type: "DomainClaimed", status: "True" }] };

/** A Service whose Route was refused its name, as Knative says it. */
const unnamed =
  (host: string) =>
  (scene: Scene): Scene => {
    const message = `domain name error: invalid domain name "${host}": url: Invalid value: "${"a".repeat(64)}": must be no more than 63 characters`;
    const conditions = ["RoutesReady", "Ready"].map((type) => ({ type, status: "False", message }));
    return edit(
      (one: KubeObject) => one.kind === "Service" && one.metadata.name === "long",
      (one) => ({ ...one, status: { conditions } }),
    )(withService("long", "")(scene));
  };

/** What goes wrong with names, and with those who install for others. */
export const FAULTS_AROUND: Readonly<Record<string, Fault>> = {
  "this machine's clock is two hours behind": {
    leads: "cluster.clock",
    break: (scene) => ({ ...scene, skewMs: 7_200_000 }),
  },
  "this machine's clock is a year ahead": {
    leads: "cluster.clock",
    in: WITH_CERTIFICATE,
    break: (scene) => {
      const now = new Date(Date.parse(scene.now ?? "") + 366 * 86_400_000).toISOString();
      return { ...scene, now, skewMs: -366 * 86_400_000 };
    },
  },
  "a node's clock is an hour ahead": {
    leads: "cluster.clock",
    break: (scene) => {
      const lastHeartbeatTime = new Date(Date.parse(scene.now ?? "") + 3_600_000).toISOString();
      const conditions = [{ type: "Ready", status: "True", lastHeartbeatTime }];
      return edit(isA("Node"), (one) => withStatus(one, { conditions }))(scene);
    },
  },
  "the certificate has not begun": {
    leads: "certificate.current",
    in: WITH_CERTIFICATE,
    break: withCertificate("2039-01-01", "2039-03-31"),
  },
  "the operator is asked for two minors at once": {
    leads: "knative.operator",
    in: OPERATED,
    break: said(
      "VersionMigrationEligible",
      "Version migration is not eligible with message: not supported to upgrade or downgrade across multiple MINOR versions. The installed KnativeServing version is v1.20.1.",
    ),
  },
  "the operator waits for an Istio": {
    leads: "knative.operator",
    in: OPERATED,
    break: said(
      "DependenciesInstalled",
      "Dependency missing: please install istio or disable the istio ingress plugin",
    ),
  },
  "the operator is gone, and has something to do": {
    leads: "knative.operator",
    in: OPERATED,
    break: (scene) =>
      edit(isOperated, (one) => ({
        ...one,
        spec: { ...(one.spec as object), config: { autoscaler: { "scale-to-zero-grace-period": "60s" } } },
      }))(edit(isA("Deployment", "knative-operator"), () => undefined)(scene)),
  },
  "somebody has installed over the operator": {
    leads: "knative.operator",
    in: OPERATED,
    break: edit(isOperated, (one) => withStatus(one, { version: "1.22.0" })),
  },
  "a tag's host is not covered": {
    leads: "certificate.covers",
    in: WITH_CERTIFICATE,
    break: tagged("https://blue.hello-default.apps.example.com"),
  },
  "a DomainMapping is given out with https, and has no certificate": {
    leads: "certificate.covers",
    in: ["operator"],
    break: (scene) =>
      add(mapping({ status: { url: "https://www.example.com", ...claimed } }))(
        withRecord("www CNAME hello-default.apps.example.com")(scene),
      ),
  },
  "a tag makes a host too long": {
    leads: "services.hosts",
    in: ["quickstart"],
    break: tagged(`http://${"a".repeat(64)}.default.127.0.0.1.sslip.io`),
  },
  "Knative refuses a host that is too long": {
    leads: "services.hosts",
    break: unnamed(`${"a".repeat(64)}.apps.example.com`),
  },
  "a setting is written as Kourier's example has it": {
    leads: "config.keys",
    in: ["operator"],
    break: config("config-kourier", {
      "extauthz-pack-as-byte": "true",
      _example: '# extauthz-pack-as-byte: "false"',
    }),
  },
  "the zone above names a key of an earlier provider": {
    leads: "dns.signed",
    in: WITH_DOMAIN,
    break: inZone(() => ({ ds: ["12345 13 2 ABCD"] })),
  },
  "the zone's signatures have ended": {
    leads: "dns.signed",
    in: WITH_DOMAIN,
    break: inZone(({ records = [] }) => ({
      ds: ["45019 13 2 ABCD"],
      records: [...records, `@ DNSKEY ${KEY}`],
      isBogus: true as const,
    })),
  },
  "CAA names another CA than cert-manager's": {
    leads: "cert-manager.issuance",
    in: ["istio"],
    break: withRecord('@ CAA 0 issue "other.example.org"'),
  },
  "the CA has refused an order for a week": {
    leads: "certificate.limits",
    in: ["ours"],
    break: (scene) => {
      const state = scene.objects.find(isA("ConfigMap", "state"));
      const directory = JSON.parse(String(state && data(state).choices))["acme-directory"];
      const now = Date.parse(scene.now ?? "");
      const [at, until] = [now - 3_600_000, now + 6 * 86_400_000].map((time) => new Date(time).toISOString());
      const refused = { kind: "refused", directory, names: ["*.apps.example.com"], at, until, order: "" };
      const ledger = object("ConfigMap", "kn-bootstrap/acme-ledger", {
        data: { "ledger.json": JSON.stringify([refused]) },
      });
      const gone = edit(isA("Secret", "wildcard-tls"), () => undefined);
      return add(ledger)(edit(isA("ConfigMap", "acme-ledger"), () => undefined)(gone(scene)));
    },
  },
  "a week's certificates are nearly used up": {
    leads: "cert-manager.week",
    in: ["istio"],
    break: (scene) => {
      const asked = scene.objects.find(
        (one) => isA("Certificate")(one) && one.apiVersion.startsWith("networking.internal.knative.dev"),
      );
      if (!asked) throw new Error("Knative has asked for no certificate");
      const many = Array.from({ length: 45 }, (_one, index) => ({
        ...asked,
        metadata: { ...asked.metadata, name: `route-${index}`, creationTimestamp: scene.now ?? "" },
      }));
      const server = "https://acme-v02.api.letsencrypt.org/directory";
      return add(...many)(
        edit(isA("ClusterIssuer"), (one) => {
          const spec = one.spec as { readonly acme: object };
          return { ...one, spec: { ...spec, acme: { ...spec.acme, server } } };
        })(scene),
      );
    },
  },
  "a certificate's common name is too long": {
    leads: "cert-manager.common-names",
    in: ["istio"],
    break: edit(
      (one) => isA("Certificate")(one) && one.apiVersion.startsWith("networking.internal.knative.dev"),
      (one) => ({
        ...withStatus(one, { conditions: [{ type: "Ready", status: "False", message: "CommonName too long" }] }),
        spec: { ...(one.spec as object), dnsNames: [`${"a".repeat(30)}.${"b".repeat(40)}.example.com`], domain: "" },
      }),
    ),
  },
};
