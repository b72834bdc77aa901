import type { ObjectRef } from "./object.ts";
import { inNamespace, joined, type ShellCommand, sh } from "./shell.ts";

/**
 * One change that mends what a check has found, as data: the command to copy and the plan of `doctor --fix` are both made from it. Only what
 * is exact and safe is one: it takes nothing away that has an effect, or nobody uses it.
 */
export type Fix = {
  readonly object: ObjectRef;
  /** Why it is safe, and what else comes of it: a sentence. */
  readonly safe: string;
  /** Who does the rest after the change. Absent: the check holds at once. */
  readonly rest?: string;
} & (
  | {
      readonly action: "patch";
      /** A JSON merge patch (RFC 7396). */
      readonly patch: Readonly<Record<string, unknown>>;
    }
  | { readonly action: "create"; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly action: "delete" }
);

export const commandOf = (fix: Fix): ShellCommand => {
  const { apiVersion, kind, namespace, name } = fix.object;
  const place = inNamespace(namespace);
  switch (fix.action) {
    case "patch":
      return sh`kubectl patch ${kind.toLowerCase()} ${name} ${place} --type merge -p ${JSON.stringify(fix.patch)}`;
    case "create": {
      const metadata = { name, ...(namespace ? { namespace } : {}) };
      const object = JSON.stringify({ apiVersion, kind, metadata, ...fix.fields });
      return joined(" | ", [sh`printf %s ${object}`, sh`kubectl create -f -`]);
    }
    case "delete":
      return sh`kubectl delete ${kind.toLowerCase()} ${name} ${place}`;
  }
};
