import type { Remedy } from "../ports/error.ts";
import type { Fix } from "../ports/fix.ts";
import { at, describe, isRecord, type KubeObject } from "../ports/object.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { isOurs } from "./inventory.ts";
import { keptBy } from "./kept-by.ts";

/** Who writes an object by itself, so that a change to the object alone would not last, or would not be theirs to make. */
export interface Keeper {
  /** `the Knative operator, from KnativeServing knative-serving/knative-serving` */
  readonly name: string;
  /** Where the change belongs. */
  readonly remedy: Remedy;
}

type Rule = (live: KubeObject, fix: Fix, operators: readonly KubeObject[]) => Keeper | undefined;

const marked = ({ metadata }: KubeObject, key: string): string | undefined =>
  metadata.annotations?.[key] ?? metadata.labels?.[key];

/** The operator writes every object of the release anew from its own (knative/operator pkg/reconciler/common/config.go). */
const operator: Rule = ({ metadata, kind }, fix, operators) => {
  const owned = metadata.ownerReferences?.find((owner) => owner.kind === "KnativeServing");
  const own = operators.find((one) =>
    owned ? one.metadata.name === owned.name : one.metadata.namespace === metadata.namespace,
  );
  if (!own) return undefined;
  const { name, namespace } = own.metadata;
  const from = describe(own);
  const data = fix.action === "patch" && kind === "ConfigMap" ? at(fix.patch, "data") : undefined;
  const settings = Object.entries(isRecord(data) ? data : {}).filter(([key]) => !key.startsWith("_"));
  if (settings.length === 0)
    return { name: `the Knative operator, from ${from}`, remedy: { text: `The operator writes it from ${from}.` } };
  const config = { [metadata.name.replace(/^config-/, "")]: Object.fromEntries(settings) };
  const patch = JSON.stringify({ spec: { config } });
  return {
    name: `the Knative operator, from ${from}`,
    remedy: {
      text: "The operator writes the ConfigMap, so say it in its object.",
      command: sh`kubectl patch knativeserving ${name} ${inNamespace(namespace)} --type merge -p ${patch}`,
    },
  };
};

/** Where a program has left its mark. */
const program: Rule = (live, { action }) => {
  const found = keptBy(live);
  if (!found) return undefined;
  const { title, source, until } = found;
  const name = source ? `${title}, from ${source}` : title;
  const place = source ? `${source} is made from` : `${title} reads it from`;
  if (title !== "Helm") return { name, remedy: { text: `Change it where ${place}; ${title} would write it back.` } };
  const release = marked(live, "meta.helm.sh/release-name") ?? "";
  const home = inNamespace(marked(live, "meta.helm.sh/release-namespace"));
  return action === "delete"
    ? {
        name,
        remedy: { text: "Uninstall the release that it is of.", command: sh`helm uninstall ${release} ${home}` },
      }
    : {
        name,
        remedy: {
          text: `Change it in the values of the release; its ${until} would write it back.`,
          command: sh`helm get values ${release} ${home}`,
        },
      };
};

const owner: Rule = ({ metadata }) => {
  const found = metadata.ownerReferences?.find(({ controller }) => controller);
  return found
    ? {
        name: `${found.kind} ${found.name}`,
        remedy: { text: `Change it in ${found.kind} ${found.name}, from which it is made.` },
      }
    : undefined;
};

/** What people write with, as API servers note it: the program's name, and for kubectl what it did. */
const PEOPLE =
  /^(kubectl(-(edit|patch|replace|set|annotate|label|create))?|oc|k9s|Mozilla|lens|OpenLens|rancher|dashboard|octant|headlamp(-server)?)$/i;
export const isPersons = (manager: string): boolean => PEOPLE.test(manager);

/** Nobody writes it again by itself: a person, whoever applied a file once, or we. */
const isByHand = (manager: string): boolean =>
  isPersons(manager) || /^(kubectl-|before-first-apply$)/.test(manager) || isOurs(manager) || manager === "";

/** Settings are the one thing that people write themselves; of other kinds a controller owns fields by its nature. */
const manager: Rule = ({ kind, metadata: { managedFields = [] } }, fix) => {
  const data = fix.action === "patch" && kind === "ConfigMap" ? at(fix.patch, "data") : undefined;
  for (const key of Object.keys(isRecord(data) ? data : {})) {
    const found = managedFields.find(
      (entry) => entry.fieldsV1?.["f:data"]?.[`f:${key}`] !== undefined && !isByHand(entry.manager ?? ""),
    );
    if (found)
      return {
        name: `${found.manager}, which owns .data["${key}"]`,
        remedy: { text: `Change it with ${found.manager}, which has written it.` },
      };
  }
  return undefined;
};

const RULES: readonly Rule[] = [operator, program, owner, manager];

/**
 * By what is written on the object and, for settings, by the managers of the fields that would change. Undefined: nobody keeps it, or
 * a person wrote it by hand. @param operators the KnativeServings of the cluster
 */
export const keeperOf = (live: KubeObject, fix: Fix, operators: readonly KubeObject[]): Keeper | undefined => {
  // What a controller fills in stands in nobody's manifest.
  if (fix.rest !== undefined) return undefined;
  for (const rule of RULES) {
    const keeper = rule(live, fix, operators);
    if (keeper) return keeper;
  }
  return undefined;
};
