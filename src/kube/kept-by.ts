import type { KubeObject } from "../ports/object.ts";

/** A program that writes an object again and again from what it is told elsewhere, as the object itself says. */
export interface KeptBy {
  /** `Argo CD` */
  readonly title: string;
  /** The annotation or label by which it is known. */
  readonly mark: string;
  /** What it writes the object from: `application knative`. Undefined: the mark does not say. */
  readonly source?: string;
  /** Helm writes at its next upgrade, the others at their next look. */
  readonly until: "next upgrade" | "next look";
}

const marked = ({ metadata }: KubeObject, key: string): string | undefined =>
  metadata.annotations?.[key] ?? metadata.labels?.[key];

const isWrittenBy = ({ metadata }: KubeObject, manager: RegExp): boolean =>
  metadata.managedFields?.some((entry) => manager.test(entry.manager ?? "")) === true;

interface Program {
  readonly title: string;
  /** The first of them that is there is the mark. */
  readonly keys: readonly string[];
  /** Whether the mark is this program's: some are used by others as well. */
  readonly isIts?: (object: KubeObject, mark: string) => boolean;
  /** What the value of the mark, or other marks beside it, name. */
  readonly source?: (object: KubeObject, value: string) => string;
  readonly until?: KeptBy["until"];
}

/** A mark that names an object, beside another that names its namespace. */
const from =
  (kind: string, domain: string) =>
  (object: KubeObject, name: string): string =>
    `${kind} ${marked(object, `${domain}/namespace`) ?? ""}/${name}`;

const flux = (kind: string, domain: string): Program => ({
  title: "Flux",
  keys: [`${domain}/name`],
  source: from(kind, domain),
});

/** The one table: each program's documentation on how it tracks what it has applied. */
const PROGRAMS: readonly Program[] = [
  {
    title: "Argo CD",
    // The usual label is many programs'; it is Argo CD's where that has written the object.
    keys: ["argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance", "app.kubernetes.io/instance"],
    isIts: (object, mark) => mark.startsWith("argocd.") || isWrittenBy(object, /^argocd/),
    // `APPLICATION:GROUP/KIND:NAMESPACE/NAME`, or its name alone.
    source: (_object, value) => `application ${value.split(":")[0]}`,
  },
  flux("Kustomization", "kustomize.toolkit.fluxcd.io"),
  flux("HelmRelease", "helm.toolkit.fluxcd.io"),
  { title: "Config Sync", keys: ["configsync.gke.io/resource-id", "configmanagement.gke.io/managed"] },
  { title: "Config Sync or kpt", keys: ["config.k8s.io/owning-inventory"] },
  {
    title: "k3s",
    keys: ["objectset.rio.cattle.io/owner-gvk"],
    source: (object) => `addon ${marked(object, "objectset.rio.cattle.io/owner-name") ?? ""}`,
  },
  {
    title: "Helm",
    keys: ["meta.helm.sh/release-name"],
    source: (_object, value) => `release ${value}`,
    until: "next upgrade",
  },
];

/** Undefined: nothing on the object says that a program keeps it. An owner among Kubernetes objects is told by `ownerReferences`. */
export const keptBy = (object: KubeObject): KeptBy | undefined => {
  for (const { title, keys, isIts = () => true, source, until = "next look" } of PROGRAMS) {
    const mark = keys.find((key) => marked(object, key) !== undefined && isIts(object, key));
    const value = mark && marked(object, mark);
    if (mark && value !== undefined)
      return { title, mark, until, ...(source ? { source: source(object, value) } : {}) };
  }
  return undefined;
};
