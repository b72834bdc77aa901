import { ok, skipped, warn } from "../../core/check.ts";
import { isPersons } from "../../kube/keeper.ts";
import { type KeptBy, keptBy } from "../../kube/kept-by.ts";
import type { Remedy } from "../../ports/error.ts";
import { few } from "../../ports/few.ts";
import { at, dataOf, describe, isRecord, type KubeObject, refOf } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { KNATIVE, OPERATOR, operatorsIn } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { configMaps } from "./maps.ts";

/** Somebody who writes an object again and again from what is said elsewhere. */
interface Keeper {
  readonly title: string;
  /** Where the object is told whose it is. */
  readonly field: string;
  readonly remedy: (setting: Setting) => Remedy;
}

interface Setting {
  readonly object: KubeObject;
  readonly key: string;
}

const elsewhere = ({ title, mark, source, until }: KeptBy): Keeper => ({
  title,
  field: mark,
  remedy: ({ object }) => ({
    text: `Write it where ${title} reads it from${source ? `, for ${source}` : ""}; what is written here lasts until its ${until}.`,
    command: sh`kubectl get ${object.kind.toLowerCase()} ${object.metadata.name} ${inNamespace(object.metadata.namespace)} -o yaml --show-managed-fields`,
  }),
});

/** The operator names a ConfigMap as its object's `spec.config` does: without `config-`. */
const shortName = ({ metadata }: KubeObject): string => metadata.name.replace(/^config-/, "");

const byOperator = (operator: KubeObject): Keeper => ({
  title: `the Knative operator (${describe(operator)})`,
  field: ".metadata.ownerReferences",
  remedy: ({ object, key }) => {
    const { name, namespace } = operator.metadata;
    const patch = JSON.stringify({ spec: { config: { [shortName(object)]: { [key]: dataOf(object)[key] ?? "" } } } });
    return {
      text: "Say it in the operator's object, which it writes the ConfigMap from.",
      command: sh`kubectl patch knativeserving ${name} ${inNamespace(namespace)} --type merge -p ${patch}`,
    };
  },
});

const keeperOf = (object: KubeObject, operator: KubeObject | undefined): Keeper | undefined => {
  const isOwned = object.metadata.ownerReferences?.some(({ kind }) => kind === "KnativeServing") === true;
  if (operator && isOwned) return byOperator(operator);
  const program = keptBy(object);
  return program && elsewhere(program);
};

interface Written extends Setting {
  readonly by: string;
  readonly at: string;
}

/** The settings of a ConfigMap, or servers of a Gateway, that somebody wrote by hand and that are still as they wrote them. */
const byHand = (object: KubeObject): readonly Written[] =>
  (object.metadata.managedFields ?? []).flatMap(({ manager = "", time = "", fieldsV1 }) => {
    if (!isPersons(manager)) return [];
    const root = object.kind === "ConfigMap" ? "f:data" : "f:spec";
    const fields = at(fieldsV1, root);
    return Object.keys(isRecord(fields) ? fields : {}).flatMap((field) =>
      field.startsWith("f:") && field !== "f:_example"
        ? [{ object, key: field.slice("f:".length), by: manager, at: time }]
        : [],
    );
  });

/** Of what the operator's object says otherwise, it is known what will come. */
const wantedBy = (operator: KubeObject | undefined, { object, key }: Setting): unknown =>
  at(operator, "spec", "config", shortName(object), key) ?? at(operator, "spec", "config", object.metadata.name, key);

export const settingsKept = healthCheck({
  id: "config.writers",
  title: "Nobody writes by hand what another program keeps",
  needs: ["knative.installed"],
  reads: ["ConfigMap", "Gateway.networking.istio.io", OPERATOR],
  meaning:
    "The operator, Argo CD, Flux, Config Sync or Helm writes the ConfigMap or Gateway from what it is told elsewhere: a change by hand disappears at its next look, or comes back at the next upgrade.",
  todo: "Write it where that program reads: `spec.config` of the KnativeServing, or Git.",
  threads: ["knative/operator#505", "knative/serving#5393", "knative/serving#5181"],
  run: async (ctx) => {
    const [configs, gateways, [operator]] = await Promise.all([
      configMaps(ctx),
      ctx.cluster.list({ apiVersion: "networking.istio.io/v1", kind: "Gateway", namespace: KNATIVE }),
      operatorsIn(ctx.cluster),
    ]);
    const kept = [...configs, ...gateways].flatMap((object) => {
      const keeper = keeperOf(object, operator);
      return keeper ? [{ object, keeper }] : [];
    });
    if (kept.length === 0) return skipped("no other program keeps Knative's settings");
    const written = kept.flatMap(({ object, keeper }) =>
      byHand(object)
        // What is written in both places stays.
        .filter((one) => object.kind !== "ConfigMap" || wantedBy(operator, one) !== dataOf(object)[one.key])
        .map((one) => ({ ...one, keeper })),
    );
    const [first] = written;
    if (!first)
      return ok(`${kept.length} ${kept.length === 1 ? "object" : "objects"} kept by ${kept[0]?.keeper.title}`);
    return warn(
      `${few(written.map(({ object, key, by }) => `${key} of ${object.metadata.name} was written by ${by}`))}, and ${first.keeper.title} keeps it`,
      first.keeper.remedy(first),
      {
        evidence: written.map(({ object, key, by, at: time, keeper }) => {
          const wanted = wantedBy(operator, { object, key });
          return {
            object: refOf(object),
            field: object.kind === "ConfigMap" ? `.data["${key}"]` : `.spec.${key}`,
            observed: `by ${by}${time ? ` at ${time}` : ""}`,
            expected: wanted === undefined ? `by what ${keeper.field} names` : wanted,
          };
        }),
      },
    );
  },
});
