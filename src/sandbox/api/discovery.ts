/** What the server serves, in the plain form and in the aggregated forms of apidiscovery.k8s.io. */

import { createHash } from "node:crypto";
import type { Registry } from "./registry.ts";
import type { Resource, Subresource } from "./resource.ts";
import { storageKey } from "./resource.ts";

export type Together = "v2" | "v2beta1";
const AGGREGATED = /application\/json;g=apidiscovery\.k8s\.io;v=(v2|v2beta1);as=APIGroupDiscoveryList/g;
/** The aggregated forms that an Accept header names, in its order. */
export const wanted = (accept: string): readonly Together[] =>
  [...accept.matchAll(AGGREGATED)].map(([, form]) => form as Together);

export const coreVersions = (address: string): object => ({
  kind: "APIVersions",
  versions: ["v1"],
  serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: address }],
});

const groupNames = (registry: Registry): string[] =>
  [...new Set(registry.all().map((r) => r.group))].filter((group) => group !== "");

/** Versions of a group, the preferred first. */
function versionsOf(registry: Registry, group: string): string[] {
  const versions = [
    ...new Set(
      registry
        .all()
        .filter((r) => r.group === group)
        .map((r) => r.version),
    ),
  ];
  return versions.sort(byPriority);
}

const rank = (version: string): [number, number, number] => {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!match) return [0, 0, 0];
  const stage = match[2] === undefined ? 3 : match[2] === "beta" ? 2 : 1;
  return [stage, Number(match[1]), Number(match[3] ?? 0)];
};

/** v2 before v1 before v1beta2 before v1beta1 before v1alpha1. */
export function byPriority(a: string, b: string): number {
  const [left, right] = [rank(a), rank(b)];
  return right[0] - left[0] || right[1] - left[1] || right[2] - left[2] || (a < b ? -1 : 1);
}

function groupOf(registry: Registry, group: string): object {
  const versions = versionsOf(registry, group).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

export const apiGroup = (registry: Registry, group: string): object => ({
  kind: "APIGroup",
  apiVersion: "v1",
  ...groupOf(registry, group),
});

export const apiGroups = (registry: Registry): object => ({
  kind: "APIGroupList",
  apiVersion: "v1",
  groups: groupNames(registry).map((group) => groupOf(registry, group)),
});

/** Subresources in name order. */
function subresourcesOf(resource: Resource): Subresource[] {
  const verbs = ["get", "patch", "update"];
  const list: Subresource[] = [...resource.others];
  if (resource.scale) list.push({ name: "scale", kind: "Scale", verbs, group: "autoscaling", version: "v1" });
  if (resource.status) list.push({ name: "status", kind: resource.kind, verbs });
  return list.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const names = (resource: Resource): object => ({
  ...(resource.shortNames.length > 0 ? { shortNames: resource.shortNames } : {}),
  ...(resource.categories.length > 0 ? { categories: resource.categories } : {}),
});

/** Clients compare it to learn when stored objects change their version. */
const storageVersionHash = (resource: Resource): string =>
  createHash("sha256")
    .update(`${storageKey(resource)}/${resource.version}/${resource.kind}`)
    .digest()
    .subarray(0, 8)
    .toString("base64");

export function apiResources(registry: Registry, group: string, version: string): object {
  const resources = registry.all().filter((r) => r.group === group && r.version === version);
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: group === "" ? version : `${group}/${version}`,
    resources: resources.flatMap((r) => [
      {
        name: r.plural,
        singularName: r.singular,
        namespaced: r.namespaced,
        kind: r.kind,
        verbs: r.verbs,
        ...names(r),
        ...(r.virtual ? {} : { storageVersionHash: storageVersionHash(r) }),
      },
      ...subresourcesOf(r).map((sub) => ({
        name: `${r.plural}/${sub.name}`,
        singularName: "",
        namespaced: r.namespaced,
        ...(sub.group === undefined ? {} : { group: sub.group, version: sub.version }),
        kind: sub.kind,
        verbs: sub.verbs,
      })),
    ]),
  };
}

/** Aggregated discovery of /api (`core`) or /apis. */
export function aggregated(registry: Registry, form: Together, core: boolean): object {
  const groups = core ? [""] : groupNames(registry);
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: `apidiscovery.k8s.io/${form}`,
    metadata: {},
    items: groups.map((group) => ({
      metadata: group === "" ? {} : { name: group },
      versions: versionsOf(registry, group).map((version) => ({
        version,
        freshness: "Current",
        resources: registry
          .all()
          .filter((r) => r.group === group && r.version === version)
          .map(described),
      })),
    })),
  };
}

function described(resource: Resource): object {
  const subresources = subresourcesOf(resource).map((sub) => ({
    subresource: sub.name,
    responseKind: { group: sub.group ?? "", version: sub.version ?? "", kind: sub.kind },
    verbs: sub.verbs,
  }));
  // A kind of the resource's own group and version is left unqualified.
  return {
    resource: resource.plural,
    responseKind: {
      group: resource.custom ? resource.group : "",
      version: resource.custom ? resource.version : "",
      kind: resource.kind,
    },
    scope: resource.namespaced ? "Namespaced" : "Cluster",
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...names(resource),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}
