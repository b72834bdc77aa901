import { hostFor } from "../certificates/names.ts";
import { inspect } from "../certificates/secret.ts";
import { deploymentsAvailable } from "../checks/deployments.ts";
import type { ReadContext } from "../core/check.ts";
import { ownerOf } from "../core/inventory.ts";
import { STATE } from "../core/prior.ts";
import { runCheck } from "../core/wait.ts";
import { type Address, findAddress, type Ports, urlAt } from "../ingress/address.ts";
import { ids as ingressIds, ingressProvider } from "../ingress/index.ts";
import { at, dataOf, type KubeObject } from "../ports/object.ts";
import { readerOf } from "../ports/reader.ts";
import { choicesOf } from "./chosen.ts";
import { type RenewalStatus, readRenewal } from "./renewal-status.ts";
import { servedSecret } from "./tls.ts";

/** What an installation looks like from outside, whoever made it. */
export interface Status {
  readonly context: string;
  readonly server: string;
  readonly kubernetes: string;
  /** Absent: no Knative Serving here. */
  readonly knative?: { readonly version: string; readonly byKnBootstrap: boolean };
  readonly ingress?: { readonly id: string; readonly className: string; readonly version?: string };
  /** `https://<service>-<namespace>.apps.example.com` */
  readonly url?: string;
  readonly address?: Pick<Address, "host" | "http" | "https" | "source">;
  /** The records that make the URLs resolve; empty with magic DNS. */
  readonly records: readonly { readonly name: string; readonly type: string; readonly value: string }[];
  readonly certificate?: {
    readonly names: readonly string[];
    readonly notAfter: string;
    readonly daysLeft: number;
    readonly issuer: string;
  };
  readonly renewal?: RenewalStatus;
  /** Deployments that should run and do not, each with its cause. Empty: healthy. */
  readonly problems: readonly string[];
}

export interface ServiceStatus {
  readonly namespace: string;
  readonly name: string;
  readonly url: string;
  readonly ready: boolean;
  /** Why not, in Knative's words. */
  readonly reason: string;
  readonly pods: number;
}

const KNATIVE = "knative-serving";
const PLACES: ReadonlySet<string | undefined> = new Set([
  KNATIVE,
  ...ingressIds.map((id) => ingressProvider(id).service.namespace),
]);
const VERSION = "app.kubernetes.io/version";
const DEFAULT_CLASS = "istio.ingress.networking.knative.dev";
const DEFAULT_TEMPLATE = "{{.Name}}.{{.Namespace}}.{{.Domain}}";

/** The record that makes a wildcard point at an address, by what the address is. */
export const recordFor = (wildcard: string, host: string): { name: string; type: string; value: string } => {
  const type = /^[\d.]+$/.test(host) ? "A" : host.includes(":") ? "AAAA" : "CNAME";
  return { name: wildcard, type, value: host };
};

const defaultDomain = (config: KubeObject | undefined): string | undefined =>
  Object.entries(dataOf(config))
    .flatMap(([key, value]) => (!key.startsWith("_") && value.trim() === "" ? [key] : []))
    .sort()[0];

/** One read of everything that a status shows; `ctx.cluster` should answer from a snapshot. */
export const readStatus = async (ctx: ReadContext): Promise<Status> => {
  const { cluster } = ctx;
  const base = { ...cluster.identity, kubernetes: await cluster.version() };
  const configMap = (name: string) => cluster.get({ apiVersion: "v1", kind: "ConfigMap", namespace: KNATIVE, name });
  const [namespace, network, domains, state, deployments] = await Promise.all([
    cluster.get({ apiVersion: "v1", kind: "Namespace", name: KNATIVE }),
    configMap("config-network"),
    configMap("config-domain"),
    cluster.get(STATE),
    cluster.list({ apiVersion: "apps/v1", kind: "Deployment" }),
  ]);
  const ours = deployments.filter(({ metadata }) => PLACES.has(metadata.namespace));
  if (!namespace || ours.length === 0) return { ...base, records: [], problems: [] };

  const choices = choicesOf(state);
  const className = dataOf(network)["ingress-class"] ?? dataOf(network)["ingress.class"] ?? DEFAULT_CLASS;
  const provider = ingressIds.map(ingressProvider).find((candidate) => candidate.className === className);
  const exposure = {
    expose: choices.expose === "nodeport" ? ("nodeport" as const) : ("loadbalancer" as const),
    ...(typeof choices.address === "string" ? { address: choices.address } : {}),
  };
  const address = provider && (await findAddress(readerOf(cluster), exposure, provider));
  const domain = defaultDomain(domains);
  const template = dataOf(network)["domain-template"] ?? DEFAULT_TEMPLATE;
  const scheme = dataOf(network)["default-external-scheme"] ?? "http";
  const tlsSecret = choices["tls-secret"];
  const secret = servedSecret({ config: typeof tlsSecret === "string" ? { tlsSecret } : {} });
  const certificate = inspect(await cluster.get(secret));
  const renewal = await readRenewal(choices, certificate, ctx);
  const health = await runCheck(
    deploymentsAvailable(
      "status.deployments",
      ours.map((object) => ({
        apiVersion: object.apiVersion,
        kind: object.kind,
        name: object.metadata.name,
        namespace: object.metadata.namespace ?? "",
      })),
    ),
    ctx,
  );
  const version = deployments.find(
    ({ metadata }) => metadata.namespace === KNATIVE && metadata.name === provider?.deployments[0]?.name,
  )?.metadata.labels?.[VERSION];
  return {
    ...base,
    knative: {
      version: namespace.metadata.labels?.[VERSION] ?? "unknown",
      byKnBootstrap: ours.some((object) => ownerOf(object) !== undefined),
    },
    ingress: { id: provider?.id ?? "other", className, ...(version ? { version } : {}) },
    ...(domain
      ? {
          url: urlAt(
            `${scheme}://${hostFor(template, { name: "<service>", namespace: "<namespace>" }, domain)}`,
            address,
          ),
        }
      : {}),
    ...(address
      ? { address: { host: address.host, http: address.http, https: address.https, source: address.source } }
      : {}),
    records: domain && address && !domain.endsWith(".sslip.io") ? [recordFor(`*.${domain}`, address.host)] : [],
    ...(certificate
      ? {
          certificate: {
            names: certificate.names,
            notAfter: certificate.notAfter.toISOString(),
            daysLeft: Math.floor((certificate.notAfter.getTime() - ctx.now().getTime()) / 86_400_000),
            issuer: certificate.issuer.replaceAll("\n", ", "),
          },
        }
      : {}),
    ...(renewal ? { renewal } : {}),
    problems: health.status === "ok" ? [] : [health.summary],
  };
};

/** Every Knative Service of the cluster, by namespace and name; with the URLs that open at the gateway's address. */
export const readServices = async (ctx: ReadContext, address: Ports | undefined): Promise<readonly ServiceStatus[]> => {
  const [services, deployments] = await Promise.all([
    ctx.cluster.list({ apiVersion: "serving.knative.dev/v1", kind: "Service" }),
    ctx.cluster.list({ apiVersion: "apps/v1", kind: "Deployment" }),
  ]);
  return services
    .map(({ metadata, ...service }) => {
      const url = String(at(service, "status", "url") ?? "");
      const conditions = at(service, "status", "conditions");
      const ready = Array.isArray(conditions)
        ? conditions.find((condition) => at(condition, "type") === "Ready")
        : undefined;
      const pods = deployments
        .filter(
          (deployment) =>
            deployment.metadata.namespace === metadata.namespace &&
            deployment.metadata.labels?.["serving.knative.dev/service"] === metadata.name,
        )
        .reduce((sum, deployment) => sum + Number(at(deployment, "status", "readyReplicas") ?? 0), 0);
      return {
        namespace: metadata.namespace ?? "",
        name: metadata.name,
        // A name of the cluster's own does not lead through the gateway's outer ports.
        url: url.includes(`.${metadata.namespace}.svc.`) ? url : urlAt(url, address),
        ready: at(ready, "status") === "True",
        reason: at(ready, "status") === "True" ? "" : String(at(ready, "reason") ?? "Unknown"),
        pods,
      };
    })
    .sort((a, b) => `${a.namespace}/${a.name}`.localeCompare(`${b.namespace}/${b.name}`));
};
