import type { Step } from "../changes/step.ts";
import type { Config } from "../config/config.ts";
import type { OptionRow } from "../config/option.ts";
import type { IngressProvider } from "../ingress/provider.ts";
import type { Kind } from "../kube/snapshot.ts";
import { type KubeObject, type ObjectRef, refOf } from "../ports/object.ts";
import type { Release } from "../releases/catalog.ts";
import type { Installation, Removal } from "./installation.ts";

/** What a part's assets and transforms depend on, known before any object is read. */
export interface Choice {
  readonly config: Config;
  readonly ingress: IngressProvider;
  readonly release: Release;
}

/** A file of a release, by the names of manifests/releases.yaml. */
export interface Asset {
  readonly component: string;
  readonly asset: string;
}

export type Transform = (object: KubeObject) => KubeObject;

/**
 * An area of the installation: a folder here, whose `index.ts` exports it, and a line in the list of parts. What it does not need it leaves
 * out.
 */
export interface Part<
  Id extends string = string,
  S extends Step = Step,
  R extends Step = S,
  O extends OptionRow = OptionRow,
> {
  /** The folder's name. */
  readonly id: Id;
  /** What can be chosen of it: rows of the table in config/options.ts, which the program reads long before a part is loaded. */
  readonly options?: readonly O[];
  /** What it installs. Its steps get these objects by {@link objectsOf}. */
  readonly assets?: (choice: Choice) => readonly Asset[];
  /** What is known before planning goes into the releases' own objects, those of other parts included (rule 1). */
  readonly transform?: (choice: Choice) => Transform;
  /** Kinds of the objects that it makes beside those of its assets. */
  readonly kinds?: readonly Kind[];
  readonly steps?: (install: Installation, removal?: Removal) => readonly S[];
  /** Steps of the way back alone. They stand at the end of the list, so that they come first. */
  readonly removal?: (removal: Removal) => readonly R[];
}

/** Keeps its id, the ids of its steps and of what they need as types. */
export const part = <
  const Id extends string,
  const S extends Step = never,
  const R extends Step = never,
  const O extends OptionRow = never,
>(
  definition: Part<Id, S, R, O>,
): Part<Id, S, R, O> => definition;

/** Keeps the step's id and those that it needs as types: a need that no step meets does not compile. */
export const step = <const Id extends string, const Need extends string>(definition: Step<Id, Need>): Step<Id, Need> =>
  definition;

/** The objects of a part's assets. */
export const objectsOf = ({ manifests }: Pick<Installation, "manifests">, id: string): readonly KubeObject[] =>
  manifests.objects.get(id) ?? [];

/** Namespaces and kinds, which whatever is made in them waits for. */
export const isFoundation = ({ kind }: KubeObject): boolean =>
  kind === "Namespace" || kind === "CustomResourceDefinition";

export const deploymentsIn = (objects: readonly KubeObject[]): readonly ObjectRef[] =>
  objects.filter(({ kind }) => kind === "Deployment").map(refOf);
