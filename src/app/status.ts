import { inspect } from "../certificates/secret.ts";
import { deploymentsAvailable } from "../checks/deployments.ts";
import { isReady, whyNotReady } from "../checks/knative-service/index.ts";
import { settleWith } from "../config/kept.ts";
import { createNaming } from "../config/naming.ts";
import { asFlags } from "../config/shown.ts";
import type { Finding, ReadContext } from "../core/check.ts";
import { runCheck } from "../core/wait.ts";
import { type Address, findAddress, type Ports, urlAt } from "../ingress/address.ts";
import { ids as ingressIds, ingressProvider } from "../ingress/index.ts";
import { ownerOf } from "../kube/inventory.ts";
import { STATE } from "../kube/prior.ts";
import { ApiError } from "../ports/cluster.ts";
import type { Remedy } from "../ports/error.ts";
import { at, dataOf, describe, type KubeObject } from "../ports/object.ts";
import { readerOf } from "../ports/reader.ts";
import { servedSecret } from "../steps/gateway-certificate/index.ts";
import { choicesOf, keptIn } from "../steps/state/chosen.ts";
import { certificateProblem, type RenewalStatus, readRenewal } from "./renewal-status.ts";

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
  /** Flags that say what was chosen here, quoted for a shell; defaults go without. Absent: nothing is kept. */
  readonly chosen?: readonly string[];
  /** Deployments that should run and do not, each with its cause. Empty: healthy. */
  readonly problems: readonly string[];
  /** How many Knative Services there are, and how many of them are not ready. Absent: they may not be read. */
  readonly knativeServices?: { readonly total: number; readonly notReady: number };
}

export interface ServiceStatus {
  readonly namespace: string;
  readonly name: string;
  readonly url: string;
  /** A Service that is scaled to zero is ready. */
  readonly ready: boolean;
  /** Why not, from the deepest object that says why. */
  readonly reason: string;
  readonly remedy?: Remedy;
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

const readKnativeServices = (ctx: ReadContext): Promise<readonly KubeObject[]> =>
  ctx.cluster.list({ apiVersion: "serving.knative.dev/v1", kind: "Service" });

/** Who may not read Services is told about the installation only. */
const countServices = async (ctx: ReadContext): Promise<Status["knativeServices"]> => {
  try {
    const services = await readKnativeServices(ctx);
    return { total: services.length, notReady: services.filter((service) => !isReady(service)).length };
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  }
};

const defaultDomain = (config: KubeObject | undefined): string | undefined =>
  Object.entries(dataOf(config))
    .flatMap(([key, value]) => (!key.startsWith("_") && value.trim() === "" ? [key] : []))
    .sort()[0];

/** Another version of ours, or a person, may have written what we cannot use. */
const readableChoices = (state: KubeObject | undefined): Readonly<Record<string, unknown>> => {
  const odd = keptIn(state).unreadable.map(({ option }) => option);
  return Object.fromEntries(Object.entries(choicesOf(state)).filter(([name]) => !odd.includes(name)));
};

const chosenFlags = (state: KubeObject | undefined): readonly string[] =>
  asFlags(settleWith({}, keptIn(state), [], { env: {}, terminal: false }).config);

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

  const choices = readableChoices(state);
  const className = dataOf(network)["ingress-class"] ?? dataOf(network)["ingress.class"] ?? DEFAULT_CLASS;
  const provider = ingressIds.map(ingressProvider).find((candidate) => candidate.className === className);
  const exposure = {
    expose: choices.expose === "nodeport" ? ("nodeport" as const) : ("loadbalancer" as const),
    ...(typeof choices.address === "string" ? { address: choices.address } : {}),
  };
  const address = provider && (await findAddress(readerOf(cluster), exposure, provider));
  const domain = defaultDomain(domains);
  const template = dataOf(network)["domain-template"] ?? DEFAULT_TEMPLATE;
  const isHttps = dataOf(network)["default-external-scheme"] === "https";
  const naming = domain === undefined ? undefined : createNaming({ template, domain, namespaces: [], isHttps });
  const tlsSecret = choices["tls-secret"];
  const secret = servedSecret({ config: typeof tlsSecret === "string" ? { tlsSecret } : {} });
  const certificate = inspect(await cluster.get(secret));
  const renewal = await readRenewal(choices, certificate, ctx);
  const unserved = certificateProblem(choices, certificate, ctx.now());
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
  const knativeServices = await countServices(ctx);
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
    ...(naming
      ? {
          url: urlAt(naming.url({ name: "<service>", namespace: "<namespace>" }), address),
        }
      : {}),
    ...(address
      ? { address: { host: address.host, http: address.http, https: address.https, source: address.source } }
      : {}),
    records:
      naming && address && !naming.domain.endsWith(".sslip.io") ? [recordFor(naming.everything, address.host)] : [],
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
    ...(Object.keys(choices).length > 0 ? { chosen: chosenFlags(state) } : {}),
    problems: [
      ...(health.status === "ok" ? [] : [health.summary]),
      ...(unserved ? [`${describe(secret)}: ${unserved}`] : []),
    ],
    ...(knativeServices ? { knativeServices } : {}),
  };
};

/** Every Knative Service of the cluster, by namespace and name; with the URLs that open at the gateway's address. */
export const readServices = async (ctx: ReadContext, address: Ports | undefined): Promise<readonly ServiceStatus[]> => {
  const [services, deployments] = await Promise.all([
    readKnativeServices(ctx),
    ctx.cluster.list({ apiVersion: "apps/v1", kind: "Deployment" }),
  ]);
  const statuses = services.map(async (service): Promise<ServiceStatus> => {
    const { namespace = "", name } = service.metadata;
    const pods = deployments
      .filter(
        ({ metadata }) => metadata.namespace === namespace && metadata.labels?.["serving.knative.dev/service"] === name,
      )
      .reduce((sum, deployment) => sum + Number(at(deployment, "status", "readyReplicas") ?? 0), 0);
    const said = String(at(service, "status", "url") ?? "");
    // A name of the cluster's own does not lead through the gateway's outer ports.
    const url = said.includes(`.${namespace}.svc.`) ? said : urlAt(said, address);
    const base = { namespace, name, url, pods };
    if (isReady(service)) return { ...base, ready: true, reason: "" };
    const finding = theirs(await whyNotReady(ctx, service, new Map()));
    const reason = finding.summary.replace(`Knative Service ${namespace}/${name}`, "").replace(/^:? /, "");
    return { ...base, ready: false, reason, ...("remedy" in finding ? { remedy: finding.remedy } : {}) };
  });
  return (await Promise.all(statuses)).sort((a, b) =>
    `${a.namespace}/${a.name}`.localeCompare(`${b.namespace}/${b.name}`),
  );
};

/** Where the installation's own images are had from says nothing about those of other people. */
const theirs = (finding: Finding): Finding =>
  "remedy" in finding && finding.remedy.text.includes("--image-registry")
    ? {
        ...finding,
        remedy: {
          ...finding.remedy,
          text: "Give the Service an image that can be had from here, or its ServiceAccount a pull secret.",
        },
      }
    : finding;
