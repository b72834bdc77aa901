import type { Check } from "../core/check.ts";
import type { Snapshot } from "../kube/snapshot.ts";
import type { ExternalAccount } from "../ports/authority.ts";
import type { ClusterRead } from "../ports/cluster.ts";
import type { KubeObject, ObjectRef } from "../ports/object.ts";
import type { Dns01Solver } from "../ports/solver.ts";

/** A controller in the cluster that gets a certificate for each Route, and renews it. */
export interface CertificateController {
  /** Id of the step that installs it, with which its objects are marked. */
  readonly step: string;
  /** Where its own release puts it. */
  readonly namespace: string;
  /** The ACME CA that it asks where --acme-directory says nothing. */
  readonly directory: string;
  /** A rule between options, as in src/config: why it cannot work with this domain or DNS provider. */
  readonly rule: {
    readonly id: `config.${string}`;
    readonly broken: (wish: ControllerWish) => Refusal | undefined;
  };
  /** Objects on which this way sets fields of its own. Without them, applied by the same manager, they take the fields back. */
  readonly configures: readonly KubeObject[];
  /** Objects of other people that need it, as `3 Certificates`: it is not removed then. Empty too if we did not install it. */
  readonly inUse: (live: Snapshot) => Promise<readonly string[]>;
  /** Whether a Service has its certificate, and the cause if it has none. */
  readonly ready: (service: ObjectRef) => Check;
  /** Where the certificate of a Service lies; undefined: nowhere yet. */
  readonly secretOf: (
    cluster: Pick<ClusterRead, "list">,
    service: Pick<ObjectRef, "namespace" | "name">,
  ) => Promise<ObjectRef | undefined>;
}

export interface ControllerWish {
  readonly domain: string | undefined;
  readonly dns: string;
  /** Whether a controller can write to that provider. */
  readonly hasSolver: boolean;
  /** Those that it can write to: `route53 or rfc2136`. */
  readonly solvers: string;
}

export interface Refusal {
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
  /** The options that do not fit together. */
  readonly between: readonly ("tls" | "dns" | "domain")[];
}

/** The CA that a controller is told to ask, and how it proves that the domain is ours. */
export interface ControllerIssuer {
  /** URL of the directory. */
  readonly directory: string;
  readonly email?: string;
  /** PEM of the roots that the CA's own https is verified with; absent: the system's. */
  readonly ca?: string;
  readonly external?: ExternalAccount;
  /** Not every version of a controller takes one. */
  readonly profile?: string;
  /** The solver is for names at or below it. */
  readonly domain: string;
  readonly dns: Dns01Solver;
}
