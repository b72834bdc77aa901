import { fail, ok, timeOfReading } from "../../core/check.ts";
import type { ClusterRead } from "../../ports/cluster.ts";
import { few } from "../../ports/few.ts";
import { describe, type KubeObject, refOf } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { OPERATOR, operatorsIn } from "../found.ts";
import { healthCheck } from "../health-check.ts";

const SLOW_MS = 10 * 60_000;
const KINDS = [
  { apiVersion: "serving.knative.dev/v1", kind: "Service" },
  // Nobody else lists these.
  { apiVersion: "serving.knative.dev/v1", kind: "Route", metadataOnly: true },
  { apiVersion: "networking.internal.knative.dev/v1alpha1", kind: "Ingress" },
] as const;

/** Who takes a finalizer away, by a part of its name. */
const TAKERS: readonly (readonly [RegExp, string])[] = [
  [/operator\.knative\.dev/, "the Knative operator"],
  [/networking\.internal\.knative\.dev/, "the ingress controller of its class"],
  [/serving\.knative\.dev/, "Knative's controller"],
];

const takerOf = (finalizers: readonly string[]): string =>
  TAKERS.find(([name]) => finalizers.some((one) => name.test(one)))?.[1] ?? "whoever has set it";

const goingIn = async (cluster: ClusterRead): Promise<readonly KubeObject[]> => {
  const lists = await Promise.all([operatorsIn(cluster), ...KINDS.map((kind) => cluster.list(kind))]);
  return lists.flat().filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
};

export const objectsGo = healthCheck({
  id: "knative.terminating",
  title: "No object of Knative is stuck while it goes away",
  symptomOf: ["cluster.apis", "serving.deployments", "network.class", "network.classes"],
  reads: [
    OPERATOR,
    "Service.serving.knative.dev",
    "Route.serving.knative.dev",
    "Ingress.networking.internal.knative.dev",
  ],
  meaning:
    "A finalizer waits for a controller that is gone: the operator was removed before its object, or the ingress before its routes. The namespace does not go either.",
  todo: "Bring the controller back until the object is gone. Where that cannot be, take its finalizers away; what they were to clean up stays.",
  threads: ["knative/operator#1950", "knative/serving#4732"],
  run: async (ctx) => {
    const { cluster } = ctx;
    const stuck = (await goingIn(cluster)).filter(
      ({ metadata }) => timeOfReading(ctx) - Date.parse(metadata.deletionTimestamp ?? "") > SLOW_MS,
    );
    const [first] = stuck;
    if (!first) return ok("nothing of Knative's is going away");
    const { name, namespace, finalizers = [], deletionTimestamp } = first.metadata;
    const [group] = first.apiVersion.split("/");
    const patch = JSON.stringify({ metadata: { finalizers: null } });
    return fail(
      `${few(stuck.map(describe))} has been going away since ${deletionTimestamp}${finalizers.length > 0 ? `, held by finalizer ${few(finalizers)}` : ""}`,
      {
        text: `Bring ${takerOf(finalizers)} back, which takes it away. Where that cannot be, take it away yourself; what it was to clean up stays.`,
        command: sh`kubectl patch ${`${first.kind.toLowerCase()}.${group}`} ${name} ${inNamespace(namespace)} --type merge -p ${patch}`,
      },
      {
        evidence: stuck.map((one) => ({
          object: refOf(one),
          field: ".metadata.finalizers",
          observed: one.metadata.finalizers ?? [],
          expected: [],
        })),
      },
    );
  },
});
