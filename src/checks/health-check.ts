import type { Check, ReadContext } from "../core/check.ts";
import type { Places } from "../dns/place.ts";
import type { Authority } from "../ports/authority.ts";
import type { ClusterPreview } from "../ports/cluster.ts";
import type { Resolver } from "../ports/dns.ts";
import type { Zone, ZonesTrial } from "../ports/zones.ts";

/** A certificate as an ACME CA is asked for it. */
export interface Order {
  readonly names: readonly string[];
  /** URL of the CA's directory. */
  readonly directory: string;
  readonly profile?: string;
  /** PEM of a private CA's root. */
  readonly root?: string;
}

/** The way to the domain's records. Only credentials open it. */
export interface RecordsAccess {
  readonly provider: { readonly title: string };
  /** Of the domain. */
  readonly zone: Zone;
  readonly places: Places;
  readonly zones: ZonesTrial;
  /** No write is tried, not even without effect. */
  readonly isOnlyRead?: boolean;
}

/** There is no way to them from here. */
export interface RecordsClosed {
  /** With what would open it. */
  readonly closed: string;
}

export const isOpen = (records: RecordsAccess | RecordsClosed | undefined): records is RecordsAccess =>
  records !== undefined && !("closed" in records);

/** Without one of these, what needs it is skipped, or goes by what the cluster says. */
export interface HealthContext extends ReadContext {
  readonly resolver?: Resolver;
  /** How far the API server's clock is ahead of this machine's, in milliseconds. Undefined: it does not say. */
  readonly skewMs?: () => Promise<number | undefined>;
  readonly createAuthority?: (options: { readonly directory: string; readonly ca?: string }) => Promise<Authority>;
  /** Opens it, once. */
  readonly records?: () => Promise<RecordsAccess | RecordsClosed>;
  /** Asks the server whether it would take an object. Nothing is stored, but it takes the right to write. */
  readonly dryRun?: ClusterPreview["dryRun"];
  /** What is ordered. Absent: the order of the certificate in the cluster. */
  readonly order?: Order;
}

/**
 * What a check looks at: a kind as `Pod` or `Deployment.apps`, or what is no object. `any kind`: whatever is left of a kind that is going
 * away, to name it. `records`: what stands at the DNS provider. `rights`: what the API server says the account may do. `logs`: what a container last wrote. `clock`: what time it is for the API server. `trial`: a write that is tried without effect.
 */
export type Reading =
  | "any kind"
  | "version"
  | "dns"
  | "probe"
  | "authority"
  | "records"
  | "rights"
  | "logs"
  | "clock"
  | "trial"
  | Capitalize<string>;

/**
 * A check of the registry. It finds what it is about in the cluster itself, so that it can be made without an installation or a release, and
 * is `skipped` where there is no such thing.
 */
export interface HealthCheck<Id extends Check["id"] = Check["id"], C extends HealthContext = HealthContext>
  extends Check<C> {
  readonly id: Id;
  /** Ids of the checks that must hold first: while one does not, this one says nothing of its own. */
  readonly needs?: readonly Check["id"][];
  /** Ids of checks whose failure may be why this one does not hold. Unlike {@link needs} it can be judged all the same. */
  readonly symptomOf?: readonly Check["id"][];
  readonly reads: readonly Reading[];
  /** Ids under which steps wait for the same. */
  readonly also?: readonly Check["id"][];
  /** It is about what is going to be installed, and says nothing of what runs: `doctor` leaves it out. */
  readonly isForecast?: true;
  /** For docs/checks.md: what it means when it does not hold, and what to do then. A finding names the objects and a command. */
  readonly meaning: string;
  readonly todo: string;
  /** Where it happened to others: `knative/serving#13826`. */
  readonly threads?: readonly string[];
}

/** Keeps the id's own type. */
export const healthCheck = <const Id extends Check["id"], C extends HealthContext = HealthContext>(
  check: HealthCheck<Id, C>,
): HealthCheck<Id, C> => check;

/** What {@link podsProblem} and its like look at to name a cause. */
export const CAUSES_OF_PODS = [
  "Pod",
  "Event",
  "Node",
  "MutatingWebhookConfiguration.admissionregistration.k8s.io",
  "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
] as const satisfies readonly Reading[];

export const CAUSES_OF_DEPLOYMENTS = [
  "Deployment.apps",
  "ReplicaSet.apps",
  ...CAUSES_OF_PODS,
] as const satisfies readonly Reading[];
