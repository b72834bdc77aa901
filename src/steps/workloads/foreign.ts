import { ownerOf } from "../../kube/inventory.ts";
import { LEASE } from "../../kube/lease.ts";
import { isProduct, type Product } from "../../kube/product.ts";
import type { Snapshot } from "../../kube/snapshot.ts";
import { at, groupOf, type KubeObject, keyOf, type ObjectRef } from "../../ports/object.ts";
import { isPlatforms } from "./platform.ts";

/** Something that an object was made of, or made for. Without a uid its name is enough. */
type Maker = ObjectRef & { readonly uid?: string };

/** Kinds that the controllers of Kubernetes make of others: whoever reads of those knows that these belong to them. */
const PARTS: ReadonlySet<string> = new Set([
  "/Pod",
  "apps/ReplicaSet",
  "apps/ControllerRevision",
  "/Endpoints",
  "discovery.k8s.io/EndpointSlice",
]);

const isEvent = ({ apiVersion, kind }: KubeObject): boolean =>
  kind === "Event" && ["", "events.k8s.io"].includes(groupOf(apiVersion));

const isLock = (object: KubeObject): boolean => keyOf(object) === keyOf(LEASE);

const makersOf = (object: KubeObject): readonly Maker[] => {
  const { namespace, name, ownerReferences = [], labels = {}, annotations = {} } = object.metadata;
  const place = namespace ? { namespace } : {};
  if (ownerReferences.length > 0)
    return ownerReferences.map(({ apiVersion, kind, name: owner, uid }) => ({
      apiVersion,
      kind,
      ...place,
      name: owner,
      uid,
    }));
  const service = object.kind === "Endpoints" ? name : labels["kubernetes.io/service-name"];
  if ((object.kind === "Endpoints" || object.kind === "EndpointSlice") && service)
    return [{ apiVersion: "v1", kind: "Service", ...place, name: service }];
  // Tokens and pull Secrets of a ServiceAccount go with it (Kubernetes before 1.24, OpenShift).
  const account = annotations["kubernetes.io/service-account.name"];
  const isToken = /^kubernetes\.io\/(service-account-token|dockercfg)$/.test(String(at(object, "type")));
  return isToken && account ? [{ apiVersion: "v1", kind: "ServiceAccount", ...place, name: account }] : [];
};

/** Who made what is to go, by what the cluster says of it. */
export interface Judge {
  /** Ours, or it comes and goes with what is ours or the platform's. */
  readonly goes: (object: KubeObject) => Promise<boolean>;
  /** Whether one of these owns it, directly or not. */
  readonly isBelow: (object: KubeObject, uids: ReadonlySet<string>) => Promise<boolean>;
}

export const uidOf = ({ metadata }: KubeObject): string => metadata.uid ?? "";

/** A part of something else that says nothing of its own. */
export const isPart = ({ apiVersion, kind }: KubeObject): boolean => PARTS.has(`${groupOf(apiVersion)}/${kind}`);

/** `known`: what was listed already. */
export const createJudge = (
  live: Snapshot,
  known: readonly KubeObject[],
  mayBePlatforms: (object: KubeObject) => boolean,
  products: readonly Product[],
): Judge => {
  const byUid = new Map(known.map((object) => [uidOf(object), object]));

  /** The one that is meant, not another that came under its name. An owner is in the same namespace or in none. */
  const find = async ({ apiVersion, kind, namespace, name, uid }: Maker): Promise<KubeObject | undefined> => {
    const listed = uid === undefined ? undefined : byUid.get(uid);
    if (listed) return listed;
    const alike = await live.list(apiVersion, kind, namespace);
    return alike.find((object) => (uid === undefined ? object.metadata.name === name : uidOf(object) === uid));
  };
  const makers = (object: KubeObject): Promise<readonly (KubeObject | undefined)[]> =>
    Promise.all(makersOf(object).map(find));

  const isKnown = (object: KubeObject): boolean =>
    ownerOf(object) !== undefined ||
    object.metadata.deletionTimestamp !== undefined ||
    isEvent(object) ||
    isLock(object) ||
    products.some((product) => isProduct(product, object));

  // `path`: where this came from. Owners in a circle are nobody's.
  const goes = async (object: KubeObject, path: readonly string[]): Promise<boolean> => {
    if (isKnown(object)) return true;
    if (path.includes(uidOf(object))) return false;
    const found = await makers(object);
    if (found.length === 0) return mayBePlatforms(object) && (await isPlatforms(object, live));
    const further = [...path, uidOf(object)];
    return (await Promise.all(found.map((maker) => maker !== undefined && goes(maker, further)))).every(Boolean);
  };

  const isBelow = async (object: KubeObject, uids: ReadonlySet<string>, path: readonly string[]): Promise<boolean> => {
    if (path.includes(uidOf(object))) return false;
    const found = (await makers(object)).filter((maker) => maker !== undefined);
    if (found.some((maker) => uids.has(uidOf(maker)) && uidOf(maker) !== uidOf(object))) return true;
    const further = [...path, uidOf(object)];
    return (await Promise.all(found.map((maker) => isBelow(maker, uids, further)))).some(Boolean);
  };

  return { goes: (object) => goes(object, []), isBelow: (object, uids) => isBelow(object, uids, []) };
};
