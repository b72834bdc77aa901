import { gatewayCertificateCurrent, gatewayCertificateUsable } from "../checks/certificate.ts";
import { configMap, KNATIVE, networkSettings } from "../checks/found.ts";
import { ingressDeployments } from "../checks/ingress.ts";
import { isReady, whyNotReady } from "../checks/knative-service/index.ts";
import { loggingFound } from "../checks/logging/running.ts";
import { runChecks } from "../checks/run.ts";
import { hpaDeployment, servingDeployments } from "../checks/serving.ts";
import { settleWith } from "../config/kept.ts";
import { asFlags } from "../config/shown.ts";
import type { Checked, Finding, ReadContext } from "../core/check.ts";
import { isBad } from "../core/finding-error.ts";
import { openedPorts, type Ports, urlAt } from "../ingress/address.ts";
import { ids as ingressIds, ingressOfClass, ingressProvider } from "../ingress/index.ts";
import { choicesOf } from "../kube/choices.ts";
import { STATE } from "../kube/prior.ts";
import type { Remedy } from "../ports/error.ts";
import { at, dataOf, type KubeObject } from "../ports/object.ts";
import { readable } from "../ports/readable.ts";
import { PARTS, type StatusFound } from "../steps/index.ts";
import type { Seen } from "../steps/part.ts";
import { keptIn } from "../steps/state/chosen.ts";
import { type Requests, readRequests } from "./requests.ts";

/** What an installation looks like from outside, whoever made it: what its parts have found, absent where no Knative is, and what is asked of all of them. */
export interface Status extends StatusFound {
  readonly context: string;
  readonly server: string;
  readonly kubernetes: string;
  /** Flags that say what was chosen here, quoted for a shell; defaults go without. Absent: nothing is kept. */
  readonly chosen?: readonly string[];
  /** Deployments that should run and do not, and whatever else is wrong, each with its cause. Empty: healthy. */
  readonly problems: readonly string[];
  /** What the checks behind it have found. Absent: there is no Knative. */
  readonly findings?: readonly Checked[];
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
  /** Absent: nothing is measured, or it cannot be read. */
  readonly requests?: Requests;
}

/** Where an installation's Deployments are: those of an ingress that is not chosen are somebody else's. */
const placesOf = (network: KubeObject | undefined, choices: Seen["choices"]): ReadonlySet<string | undefined> => {
  const chosen = ingressOfClass(networkSettings(dataOf(network)).className, choices);
  const providers = chosen ? [chosen] : ingressIds.map(ingressProvider);
  return new Set([KNATIVE, ...providers.flatMap(({ deployments }) => deployments.map(({ namespace }) => namespace))]);
};

const readKnativeServices = (ctx: ReadContext): Promise<readonly KubeObject[]> =>
  ctx.cluster.list({ apiVersion: "serving.knative.dev/v1", kind: "Service" });

/** Who may not read Services is told about the installation only. */
const countServices = async (ctx: ReadContext): Promise<Status["knativeServices"]> => {
  const services = await readable(readKnativeServices(ctx));
  return services && { total: services.length, notReady: services.filter((service) => !isReady(service)).length };
};

/** Another version of ours, or a person, may have written what we cannot use. */
const readableChoices = (state: KubeObject | undefined): Readonly<Record<string, unknown>> => {
  const odd = keptIn(state).unreadable.map(({ option }) => option);
  return Object.fromEntries(Object.entries(choicesOf(state)).filter(([name]) => !odd.includes(name)));
};

const chosenFlags = (state: KubeObject | undefined): readonly string[] =>
  asFlags(settleWith({}, keptIn(state), [], { env: {}, terminal: false }).config);

/** What should run, and what the gateway should serve, and what becomes of logs. */
const RUNNING = [servingDeployments, hpaDeployment, ingressDeployments];
const SERVED = [gatewayCertificateUsable, gatewayCertificateCurrent, loggingFound];

/** One read of everything that a status shows; `ctx.cluster` should answer from a snapshot. */
export const readStatus = async (ctx: ReadContext): Promise<Status> => {
  const { cluster } = ctx;
  const base = { ...cluster.identity, kubernetes: await cluster.version() };
  const [namespace, network, state, deployments] = await Promise.all([
    cluster.get({ apiVersion: "v1", kind: "Namespace", name: KNATIVE }),
    cluster.get(configMap("config-network")),
    cluster.get(STATE),
    cluster.list({ apiVersion: "apps/v1", kind: "Deployment" }),
  ]);
  const choices = readableChoices(state);
  const places = placesOf(network, choices);
  const ours = deployments.filter(({ metadata }) => places.has(metadata.namespace));
  if (!namespace || ours.length === 0) return { ...base, records: [], problems: [] };

  const seen: Seen = { ctx, choices, namespace, deployments, ours, network: dataOf(network) };
  const [running, served] = await Promise.all([runChecks(RUNNING, ctx), runChecks(SERVED, ctx)]);
  const sections = PARTS.flatMap(({ status }) => status ?? []);
  const found = await Promise.all(sections.map(({ read }) => read(seen)));
  const wrong = [
    ...running.filter(({ finding }) => isBad(finding)),
    // Who may not look at all of it is told about the rest.
    ...served.filter(({ finding }) => finding.status === "fail"),
  ];
  const knativeServices = await countServices(ctx);
  return {
    ...base,
    // What each of them finds is in its type, and StatusFound is made of those.
    ...(Object.assign({}, ...found) as StatusFound),
    ...(Object.keys(choices).length > 0 ? { chosen: chosenFlags(state) } : {}),
    problems: wrong.map(({ finding }) => finding.summary),
    findings: [...running, ...served].map(({ check: { id, title }, finding }) => ({ id, title, ...finding })),
    ...(knativeServices ? { knativeServices } : {}),
  };
};

/** Every Knative Service of the cluster, by namespace and name; with the URLs that open at the gateway's address. */
export const readServices = async (ctx: ReadContext, address: Ports | undefined): Promise<readonly ServiceStatus[]> => {
  const [services, deployments, measured] = await Promise.all([
    readKnativeServices(ctx),
    ctx.cluster.list({ apiVersion: "apps/v1", kind: "Deployment" }),
    readRequests(ctx),
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
    const url = said.includes(`.${namespace}.svc.`) ? said : urlAt(said, openedPorts(address, ctx.opensAt));
    const requests = measured.get(`${namespace}/${name}`);
    const base = { namespace, name, url, pods, ...(requests ? { requests } : {}) };
    if (isReady(service)) return { ...base, ready: true, reason: "" };
    const finding = theirs(await whyNotReady(ctx, service, new Map()));
    const reason = finding.facts?.reason ?? finding.summary;
    return { ...base, ready: false, reason, ...("remedy" in finding ? { remedy: finding.remedy } : {}) };
  });
  return (await Promise.all(statuses)).sort((a, b) =>
    `${a.namespace}/${a.name}`.localeCompare(`${b.namespace}/${b.name}`),
  );
};

/** Where the installation's own images are had from says nothing about those of other people. */
const theirs = (finding: Finding): Finding =>
  "remedy" in finding && finding.facts?.image !== undefined
    ? {
        ...finding,
        remedy: {
          ...finding.remedy,
          text: "Give the Service an image that can be had from here, or its ServiceAccount a pull secret.",
        },
      }
    : finding;
