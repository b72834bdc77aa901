/** Reading and writing metadata.managedFields: who owns which fields (apimachinery util/managedfields). */

import type { StatusError } from "../../types.ts";
import type { Fields } from "../json.ts";
import { fieldsOf } from "../json.ts";
import type { Cause } from "../status.ts";
import { refuse } from "../status.ts";
import type { FieldSet } from "./field-set.ts";
import { fromFieldsV1, pathsOf, pathText, toFieldsV1 } from "./field-set.ts";

export interface Owner {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string;
  /** RFC 3339; absent when the entry appeared without a change of the object. */
  readonly time?: string;
  readonly set: FieldSet;
}

/** By identity: an applier keeps its entry across versions, an updater does not. */
export type Owners = Map<string, Owner>;

export const identity = (owner: Omit<Owner, "set" | "time">): string =>
  JSON.stringify([
    owner.manager,
    owner.operation,
    owner.operation === "Apply" ? "" : owner.apiVersion,
    owner.subresource,
  ]);

export function readOwners(entries: unknown): Owners {
  const owners: Owners = new Map();
  for (const entry of Array.isArray(entries) ? (entries as readonly Fields[]) : []) {
    const owner: Owner = {
      manager: String(entry.manager ?? ""),
      operation: entry.operation === "Apply" ? "Apply" : "Update",
      apiVersion: String(entry.apiVersion ?? ""),
      subresource: String(entry.subresource ?? ""),
      ...(typeof entry.time === "string" ? { time: entry.time } : {}),
      set: fromFieldsV1(fieldsOf(entry.fieldsV1)),
    };
    owners.set(identity(owner), owner);
  }
  return owners;
}

export function writeOwners(owners: Owners): Fields[] {
  const order = [...owners.values()].sort(
    (a, b) =>
      compareText(a.operation, b.operation) ||
      compareText(a.time ?? "", b.time ?? "") ||
      compareText(a.manager, b.manager) ||
      compareText(a.apiVersion, b.apiVersion) ||
      compareText(a.subresource, b.subresource),
  );
  return order.map((owner) => ({
    manager: owner.manager,
    operation: owner.operation,
    apiVersion: owner.apiVersion,
    ...(owner.time === undefined ? {} : { time: owner.time }),
    fieldsType: "FieldsV1",
    fieldsV1: toFieldsV1(owner.set),
    ...(owner.subresource === "" ? {} : { subresource: owner.subresource }),
  }));
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** e.g. `"kube-controller-manager" with subresource "scale" using apps/v1`. */
function ownerText(owner: Owner): string {
  const name = JSON.stringify(owner.manager);
  const sub = owner.subresource === "" ? "" : ` with subresource ${JSON.stringify(owner.subresource)}`;
  return name + sub + (owner.operation === "Update" ? ` using ${owner.apiVersion}` : "");
}

/** 409 with a FieldManagerConflict cause per field. */
export function conflictError(conflicts: readonly Owner[]): StatusError {
  const causes: (Cause & { readonly owner: string; readonly path: string })[] = [];
  for (const conflict of conflicts) {
    const owner = ownerText(conflict);
    for (const path of pathsOf(conflict.set))
      causes.push({
        reason: "FieldManagerConflict",
        message: `conflict with ${owner}`,
        field: pathText(path),
        owner,
        path: pathText(path),
      });
  }
  const first = causes[0];
  let message: string;
  if (causes.length === 1 && first)
    message = `Apply failed with 1 conflict: conflict with ${first.owner}: ${first.path}`;
  else {
    const names = [...new Set(causes.map((cause) => cause.owner))].sort();
    const groups = names.map((owner) => {
      const paths = causes.filter((cause) => cause.owner === owner).map((cause) => `- ${cause.path}`);
      return [`conflicts with ${owner}:`, ...paths].join("\n");
    });
    message = `Apply failed with ${causes.length} conflicts: ${groups.join("\n")}`;
  }
  return refuse(409, "Conflict", message, {
    causes: causes.map(({ reason, message, field }) => ({ reason, message, field }) as Cause),
  });
}
