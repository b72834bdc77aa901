/** Which resources are served now: the built-in ones and those of established CustomResourceDefinitions. */

import type { Obj } from "../types.ts";
import { servedBy } from "./crd/resources.ts";
import { builtinResources } from "./kinds/table.ts";
import type { Resource } from "./resource.ts";

export interface Registry {
  readonly all: () => readonly Resource[];
  readonly find: (group: string, version: string, plural: string) => Resource | undefined;
  /** The resource of a kind in a version, else in any version of its group. */
  readonly ofKind: (group: string, version: string, kind: string) => Resource | undefined;
  readonly hasGroup: (group: string) => boolean;
  readonly hasVersion: (group: string, version: string) => boolean;
  /** Whether the server itself brings the group. */
  readonly isBuiltin: (group: string) => boolean;
  /** Serves what the definition says from now on. */
  readonly define: (definition: Obj) => void;
  readonly undefine: (name: string) => void;
}

/** @param minor of the server */
export function createRegistry(minor: number): Registry {
  const builtin = builtinResources(minor);
  const builtinGroups = new Set(builtin.map((resource) => resource.group));
  const custom = new Map<string, readonly Resource[]>();
  let all: readonly Resource[] = builtin;
  let byPath = new Map<string, Resource>();
  let byKind = new Map<string, Resource>();
  let groups = new Set<string>();

  const index = (): void => {
    all = [...builtin, ...[...custom.keys()].sort().flatMap((name) => custom.get(name) ?? [])];
    byPath = new Map(all.map((r) => [`${r.group}/${r.version}/${r.plural}`, r]));
    byKind = new Map();
    for (const resource of all) {
      byKind.set(`${resource.group}/${resource.version}/${resource.kind}`, resource);
      const anyVersion = `${resource.group}//${resource.kind}`;
      if (!byKind.has(anyVersion)) byKind.set(anyVersion, resource);
    }
    groups = new Set(all.flatMap((r) => [r.group, `${r.group}/${r.version}`]));
  };
  index();

  return {
    all: () => all,
    find: (group, version, plural) => byPath.get(`${group}/${version}/${plural}`),
    ofKind: (group, version, kind) => byKind.get(`${group}/${version}/${kind}`) ?? byKind.get(`${group}//${kind}`),
    hasGroup: (group) => groups.has(group),
    hasVersion: (group, version) => groups.has(`${group}/${version}`),
    isBuiltin: (group) => builtinGroups.has(group),
    define: (definition) => {
      custom.set(definition.metadata.name, servedBy(definition));
      index();
    },
    undefine: (name) => {
      custom.delete(name);
      index();
    },
  };
}
