import type { Step } from "../changes/step.ts";
import type { HealthCheck } from "../checks/health-check.ts";
import type { Config } from "../config/config.ts";
import type { OptionRow } from "../config/option.ts";
import type { Check, ReadContext } from "../core/check.ts";
import type { IngressProvider } from "../ingress/provider.ts";
import type { Product } from "../kube/product.ts";
import type { Kind } from "../kube/snapshot.ts";
import type { Authority } from "../ports/authority.ts";
import type { ClusterRead } from "../ports/cluster.ts";
import type { Remedy } from "../ports/error.ts";
import { type KubeObject, type ObjectRef, refOf } from "../ports/object.ts";
import type { Release } from "../releases/catalog.ts";
import type { Installation, Removal } from "./installation.ts";
import type { Right } from "./rights.ts";

/** What a part's assets and transforms depend on, known before any object is read. */
export interface Choice {
  readonly config: Config;
  readonly ingress: IngressProvider;
  readonly release: Release;
  /** The Prometheus operator is there: its kinds are served. */
  readonly isMonitored: boolean;
}

/** A file of a release, by the names of manifests/releases.yaml. */
export interface Asset {
  readonly component: string;
  readonly asset: string;
}

/** What taking the parts away needs to know. */
export interface PartRemoval extends Removal {
  /** Of all parts. */
  readonly products: readonly Product[];
}

/** What the last screen is made with. */
export interface NextTools {
  readonly cluster: ClusterRead;
  readonly createAuthority: (options: { readonly directory: string; readonly ca?: string }) => Promise<Authority>;
  readonly signal: AbortSignal;
  /** As for checks: where URLs open that are shown. */
  readonly opensAt?: ReadonlyMap<number, number>;
  /** How this machine is made to trust the root, which lies in a file; absent: nobody asked for the file. */
  readonly trust?: readonly Remedy[];
}

/** A cluster in which a Knative is, with what most parts look at. `ctx.cluster` may answer from a snapshot. */
export interface Seen {
  readonly ctx: ReadContext;
  /** What the cluster keeps of what was chosen, without what this version cannot use. */
  readonly choices: Readonly<Record<string, unknown>>;
  /** Namespace knative-serving. */
  readonly namespace: KubeObject;
  /** Every Deployment of the cluster. */
  readonly deployments: readonly KubeObject[];
  /** Those in the namespaces of Knative and of every ingress. */
  readonly ours: readonly KubeObject[];
  /** Keys of config-network. */
  readonly network: Readonly<Record<string, string>>;
}

/** A line of the screen: its name, and its text. */
export type StatusRow = readonly [name: string, text: string];

export interface StatusSection<Found> {
  /** Keys of the JSON. */
  readonly read: (seen: Seen) => Promise<object>;
  readonly rows: (found: Found) => readonly StatusRow[];
}

/** `rows` gets what `read` found, or an empty object where there is no Knative. */
export const section = <Found extends object>(definition: {
  readonly read: (seen: Seen) => Promise<Found>;
  readonly rows: (found: Partial<Found>) => readonly StatusRow[];
}): typeof definition => definition;

export type Transform = (object: KubeObject) => KubeObject;

/**
 * An area of the installation: a folder here, whose `index.ts` exports it, and a line in the list of parts. What it does not need it leaves
 * out.
 */
export interface Part {
  /** The folder's name. */
  readonly id: string;
  /** What can be chosen of it: rows of the table in config/options.ts, which the program reads long before a part is loaded. */
  readonly options?: readonly OptionRow[];
  /** What it installs. Its steps get these objects by {@link objectsOf}. */
  readonly assets?: (choice: Choice) => readonly Asset[];
  /** Objects of our own that it installs beside them, from manifests/. Its steps get them by {@link objectsOf} too, with their images moved. */
  readonly own?: (choice: Choice) => Promise<readonly KubeObject[]>;
  /** What is known before planning goes into the releases' own objects, those of other parts included (rule 1). */
  readonly transform?: (choice: Choice) => Transform;
  /** Kinds of the objects that it makes beside those of its assets. */
  readonly kinds?: readonly Kind[];
  /** What must hold before the first change. */
  readonly preflight?: (config: Config) => readonly Check[];
  readonly steps?: (install: Installation, removal?: PartRemoval) => readonly Step[];
  /** Steps of the way back alone. They stand at the end of the list, so that they come first. */
  readonly removal?: (removal: PartRemoval) => readonly Step[];
  /** What must hold of it in any cluster, what others need before them: its share of the registry of checks. */
  readonly checks?: readonly HealthCheck[];
  /** What a person does next, once the installation answers. */
  readonly next?: (install: Installation, tools: NextTools) => Promise<readonly Remedy[]>;
  /** What of it is found in a cluster, whoever made it. */
  readonly status?: StatusSection<never>;
  /** What a renewal does with it in the cluster: more than that the CronJob's account may not do. */
  readonly rights?: (install: Installation) => readonly Right[];
  /** What its processes make without an owner and leave behind: an uninstall takes it for nobody else's, and away. */
  readonly products?: readonly Product[];
}

/** Keeps what it says as types: its id, those of its steps and what they need, of its checks, its options, what its status finds. */
export const part = <const P extends Part>(definition: P): P => definition;

/** Keeps the step's id and those that it needs as types: a need that no step meets does not compile. */
export const step = <const Id extends string, const Need extends string>(definition: Step<Id, Need>): Step<Id, Need> =>
  definition;

/** The objects of a part's assets. */
export const objectsOf = ({ manifests }: Pick<Installation, "manifests">, id: string): readonly KubeObject[] =>
  manifests.objects.get(id) ?? [];

/** Whether it is a namespace or a definition of a kind: what is made in it waits for it. */
export const isFoundation = ({ kind }: KubeObject): boolean =>
  kind === "Namespace" || kind === "CustomResourceDefinition";

export const deploymentsIn = (objects: readonly KubeObject[]): readonly ObjectRef[] =>
  objects.filter(({ kind }) => kind === "Deployment").map(refOf);
