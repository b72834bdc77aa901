import type { KubeObject, ObjectRef } from "../ports/object.ts";
import { groupOf } from "../ports/object.ts";
import { HOME, ownerOf } from "./inventory.ts";
import type { ObjectChange } from "./object-change.ts";
import { deletions } from "./object-change.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * What the process of a component makes without an owner and without our label, and leaves behind when it goes. Such lists are for all
 * versions that can be installed: what an old one made stays through an upgrade.
 */
export interface Product {
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent: in whichever namespace. */
  readonly namespace?: string;
  /** A string is the whole name. */
  readonly name: string | RegExp;
  /** The key of a label that all of them carry. */
  readonly label?: string;
  /** The key of an annotation that all of them carry. */
  readonly annotation?: string;
  /** Its kind goes, and takes it along. */
  readonly goesWithKind?: true;
  /** The Deployment whose pods make it. */
  readonly maker: ObjectRef;
  /** Whether somebody else's process makes the same here, so that it is not ours to take away. */
  readonly isTheirs?: (live: Snapshot) => Promise<boolean>;
}

export const isProduct = (
  { apiVersion, kind, namespace, name, label, annotation }: Product,
  object: KubeObject,
): boolean =>
  object.kind === kind &&
  groupOf(object.apiVersion) === groupOf(apiVersion) &&
  (namespace === undefined || object.metadata.namespace === namespace) &&
  (typeof name === "string" ? object.metadata.name === name : name.test(object.metadata.name)) &&
  (label === undefined || object.metadata.labels?.[label] !== undefined) &&
  (annotation === undefined || object.metadata.annotations?.[annotation] !== undefined);

const find = async (product: Product, live: Snapshot): Promise<readonly KubeObject[]> => {
  const { apiVersion, kind, namespace, name, label } = product;
  // Read by name or by label where possible: a namespace may hold other people's Secrets.
  if (typeof name === "string") {
    const found = await live.get({ apiVersion, kind, name, ...(namespace ? { namespace } : {}) });
    return found ? [found] : [];
  }
  const all = label ? await live.labelled(apiVersion, kind, label) : await live.list(apiVersion, kind, namespace);
  return all.filter((object) => isProduct(product, object));
};

/** All that we made, but for the one that outlives an uninstall. */
const ownNamespaces = async (live: Snapshot): Promise<readonly string[]> =>
  (await live.owned("v1", "Namespace")).map(({ metadata }) => metadata.name).filter((name) => name !== HOME);

/**
 * Takes away what no namespace takes with it. What a process made that is not ours, is not ours either; `wasOurs`: one that is no more
 * was.
 */
export const removeProducts = async (
  products: readonly Product[],
  live: Snapshot,
  wasOurs: boolean,
  /** Names of the namespaces that go as well. */
  namespaces?: readonly string[],
): Promise<readonly ObjectChange[]> => {
  const going = new Set(namespaces ?? (await ownNamespaces(live)));
  const found = await Promise.all(
    products
      .filter(({ goesWithKind }) => !goesWithKind)
      .map(async (product) => {
        const maker = await live.get(product.maker);
        const isOurs = maker ? ownerOf(maker) !== undefined : wasOurs;
        return isOurs && !(await product.isTheirs?.(live)) ? find(product, live) : [];
      }),
  );
  return deletions(
    found.flat().filter((object) => !going.has(object.metadata.namespace ?? "") && ownerOf(object) === undefined),
  );
};
