import { inspect } from "../../src/certificates/secret.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import type { Api, Obj } from "../../src/sandbox/types.ts";

/** What a cluster holds: `Kind namespace/name` → everything about it that does not depend on how it came about, as JSON. */
export type Contents = Readonly<Record<string, string>>;

/** What controllers make under names of their own: only how many there are and their images count. */
const GENERATED: Readonly<Record<string, RegExp>> = {
  Pod: /(-[a-z0-9]+)?-[a-z0-9]{5}$/,
  ReplicaSet: /-[a-z0-9]+$/,
  EndpointSlice: /-[a-z0-9]{5}$/,
};
/** What controllers keep up to date for themselves: that it is there counts. */
const KEPT_UP: ReadonlySet<string> = new Set(["Endpoints", "Lease"]);
const MOVING = new Set(["resourceVersion", "creationTimestamp", "generation", "time", "status"]);
const ALLOCATED = new Set(["clusterIP", "clusterIPs", "nodePort", "healthCheckNodePort"]);
/** How often a Deployment was rolled, and digests over what was proved and what pods have read, certificates included: whether they are right, `plan` knows. */
const DIGESTED = new Set(["deployment.kubernetes.io/revision", "proved", "kn-bootstrap/read"]);
const UID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** A manager, and a label, of somebody else: what it adds is not compared. */
export const INTRUDER = "intruder";

const objectsIn = async (api: Api): Promise<readonly Obj[]> =>
  (await kindsOf(api)).flatMap(({ apiVersion, kind }) => api.list(apiVersion, kind));

/** Whether something is still going: it was deleted, or what owns it is not there any more. */
export const isClearing = async (api: Api): Promise<boolean> => {
  const objects = await objectsIn(api);
  const uids = new Set(objects.map(({ metadata }) => metadata.uid));
  return objects.some(
    ({ metadata: { deletionTimestamp, ownerReferences = [] } }) =>
      deletionTimestamp || ownerReferences.some(({ uid }) => !uids.has(uid)),
  );
};

export const contentsOf = async (api: Api, isDead: (holder: string) => boolean): Promise<Contents> => {
  const objects = await objectsIn(api);
  const names = namesOf(api, objects);
  const contents: Record<string, string> = {};
  for (const object of objects) {
    const { kind, metadata } = object;
    // As good as none: nobody waits for the dead, and a run that finds nothing to do does not take the lock.
    if (kind === "Lease" && isDead(object.spec.holderIdentity)) continue;
    const place = `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
    const suffix = GENERATED[kind];
    if (!suffix) {
      contents[place] = KEPT_UP.has(kind) ? "" : textOf(object, names);
      continue;
    }
    // A Deployment keeps its old ReplicaSets, at zero.
    if (kind === "ReplicaSet" && object.spec.replicas === 0) continue;
    const pod = object.spec?.template?.spec ?? object.spec;
    const numbered = (number: number): string => `${place.replace(suffix, "")} (${number})`;
    let number = 1;
    while (numbered(number) in contents) number++;
    contents[numbered(number)] = JSON.stringify(pod?.containers.map(({ image }: Obj) => image) ?? []);
  }
  return Object.fromEntries(Object.entries(contents).sort(([a], [b]) => (a < b ? -1 : 1)));
};

/** Every kind that the API serves, each in its preferred version; Events are no state. */
export const kindsOf = async (api: Api): Promise<readonly { readonly apiVersion: string; readonly kind: string }[]> => {
  const headers = { accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList" };
  const roots = await Promise.all(["/api", "/apis"].map((path) => api.request({ method: "GET", path, headers })));
  const groups: readonly Obj[] = roots.flatMap(({ body }) => (body as Obj).items);
  return groups.flatMap(({ metadata: { name }, versions: [{ version, resources }] }) =>
    (resources as Obj[])
      .filter(({ verbs }) => verbs.includes("list"))
      .map(({ responseKind }) => ({ apiVersion: name ? `${name}/${version}` : version, kind: responseKind.kind }))
      .filter(({ kind }) => kind !== "Event"),
  );
};

/** Random values and what stands for them, so that those which have to be equal still have to. */
const namesOf = (api: Api, objects: readonly Obj[]): ReadonlyMap<string, string> => {
  const names = new Map([[api.ca.trim(), "<ca of the API>"]]);
  for (const object of objects) {
    const { namespace = "", name, uid = "" } = object.metadata;
    names.set(uid, `<uid of ${object.kind} ${namespace}/${name}>`);
    if (object.kind !== "Secret") continue;
    for (const [key, value] of Object.entries<string>(object.data ?? {})) {
      names.set(value, `<${key} of ${name}>`);
      // A ConfigMap that repeats it has it as it is.
      const text = Buffer.from(value, "base64").toString().trim();
      if (text.startsWith("-----BEGIN")) names.set(text, `<${key} of ${name}>`);
    }
    names.set(inspect(object as KubeObject)?.fingerprint ?? "", `<fingerprint of ${name}>`);
  }
  return names;
};

/** JSON with sorted keys, without what every write moves. */
const textOf = (object: Obj, names: ReadonlyMap<string, string>): string => {
  const certificate = object.kind === "Secret" ? inspect(object as KubeObject) : undefined;
  const shown = certificate
    ? { ...object, names: certificate.names, matching: certificate.keyMatches && certificate.chainMatches }
    : object;
  const replace = (key: string, value: unknown): unknown => {
    if (MOVING.has(key) || key === INTRUDER) return undefined;
    if (ALLOCATED.has(key) && value !== "None") return "<allocated>";
    if (DIGESTED.has(key) && typeof value === "string") return "<digest>";
    if (key === "managedFields") return managersOf(value as Obj[]);
    if (typeof value === "string") return names.get(value.trim()) ?? value;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  return JSON.stringify(shown, replace, 1).replace(UID, (uid) => names.get(uid) ?? uid);
};

const managersOf = (entries: readonly Obj[]): readonly Obj[] => {
  const idOf = ({ manager, operation }: Obj): string => `${manager} ${operation}`;
  return entries
    .filter(({ manager, subresource }) => subresource !== "status" && manager !== INTRUDER)
    .sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
};
