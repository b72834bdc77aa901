import { merged } from "../../../kube/merge-patch.ts";
import type { Fix } from "../../../ports/fix.ts";
import { groupOf, type KubeObject, keyOf } from "../../../ports/object.ts";
import type { Ask, Questions } from "../questions.ts";
import { recorded } from "../recording.ts";

/** Answers as they would be with these changes made, one after the other; nothing but what they change is different. */
export const withFixes = (ask: Ask, fixes: readonly Fix[]): Ask => {
  const changed = async (asked: string, of: unknown, answer: unknown): Promise<unknown> => {
    if (asked === "list") return fixes.reduce((objects, fix) => inList(objects, of as List, fix), answer as Objects);
    if (asked !== "get") return answer;
    return fixes.reduce(
      (object, fix) => (keyOf(fix.object) === keyOf(of as Get) ? (after(object ?? undefined, fix) ?? null) : object),
      answer as KubeObject | null,
    );
  };
  return recorded((async (asked, of, signal) => changed(asked, of, await ask(asked, of, signal))) as Ask).ask;
};

type Objects = readonly KubeObject[];
type List = Questions["list"]["of"];
type Get = Questions["get"]["of"];

const inList = (objects: Objects, { apiVersion, kind, namespace }: List, fix: Fix): Objects => {
  const { object } = fix;
  const isAbout =
    object.kind === kind &&
    groupOf(object.apiVersion) === groupOf(apiVersion) &&
    (namespace === undefined || namespace === object.namespace);
  if (!isAbout) return objects;
  const isIt = (one: KubeObject): boolean => keyOf(one) === keyOf(object);
  if (fix.action === "create") return objects.some(isIt) ? objects : [...objects, made(fix)];
  return objects.flatMap((one) => (isIt(one) ? (after(one, fix) ?? []) : [one]));
};

const after = (live: KubeObject | undefined, fix: Fix): KubeObject | undefined => {
  switch (fix.action) {
    case "create":
      return live ?? made(fix);
    case "delete":
      return undefined;
    case "patch":
      return live && (merged(live, fix.patch) as KubeObject);
  }
};

/** The object that a fix makes. */
export const made = ({ object, fields }: Extract<Fix, { readonly action: "create" }>): KubeObject => {
  const { apiVersion, kind, namespace, name } = object;
  return { apiVersion, kind, metadata: { ...(namespace ? { namespace } : {}), name }, ...fields };
};
