import { fail, ok, timeOfReading } from "../../core/check.ts";
import { few } from "../../ports/few.ts";
import { conditionOf, type KubeObject, refOf, textAt } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { healthCheck } from "../health-check.ts";

/** A namespace goes by the grace of its pods, 300 s for a Revision's. */
const SLOW_MS = 10 * 60_000;
/** What holds it, the most telling first (kube-controller-manager, namespace_conditions.go). */
const HOLDING = [
  "NamespaceDeletionDiscoveryFailure",
  "NamespaceDeletionGroupVersionParsingFailure",
  "NamespaceFinalizersRemaining",
  "NamespaceContentRemaining",
  "NamespaceDeletionContentFailure",
];

/** What its controller says, of a namespace that is going away. */
export const whyHeld = (namespace: KubeObject | undefined): string => {
  const held = HOLDING.map((type) => conditionOf(namespace, type)).find((one) => one?.status === "True");
  return textAt(held, "message") || "nothing says what holds it";
};

export const nothingStuck = healthCheck({
  id: "cluster.terminating",
  title: "No namespace is stuck while it goes away",
  symptomOf: ["cluster.apis"],
  reads: ["Namespace"],
  meaning:
    "Nothing can be made in a namespace that goes away, and what holds it is an object with a finalizer whose controller is gone, or an API that does not answer.",
  todo: "Remove what the finding names; bring its controller back where there is none to take the finalizer away.",
  threads: ["knative/operator#1950", "knative/serving#4732"],
  run: async (ctx) => {
    const { cluster } = ctx;
    const namespaces = await cluster.list({ apiVersion: "v1", kind: "Namespace" });
    const stuck = namespaces.filter(({ metadata: { deletionTimestamp } }) =>
      deletionTimestamp ? timeOfReading(ctx) - Date.parse(deletionTimestamp) > SLOW_MS : false,
    );
    const [first] = stuck;
    if (!first) return ok("no namespace has been going away for long");
    const { name, deletionTimestamp = "" } = first.metadata;
    return fail(
      `namespace ${few(stuck.map(({ metadata }) => metadata.name))} has been going away since ${deletionTimestamp}: ${whyHeld(first)}`,
      {
        text: "See what is left in it, and who takes its finalizers away.",
        command: sh`kubectl get namespace ${name} -o yaml`,
      },
      {
        evidence: stuck.map((namespace) => ({
          object: refOf(namespace),
          field: ".metadata.deletionTimestamp",
          observed: namespace.metadata.deletionTimestamp,
        })),
      },
    );
  },
});

export const apisAvailable = healthCheck({
  id: "cluster.apis",
  title: "Every API that another server answers for is available",
  reads: ["APIService.apiregistration.k8s.io"],
  meaning:
    "Discovery is incomplete: namespaces do not go away, and whoever asks for all kinds waits or fails. The usual ones are metrics and custom metrics.",
  todo: "Bring the server behind it back, or delete the APIService where it is uninstalled.",
  threads: ["knative/operator#1950", "kubeflow/kubeflow#4778"],
  run: async ({ cluster }) => {
    const all = await cluster.list({ apiVersion: "apiregistration.k8s.io/v1", kind: "APIService" });
    const gone = all.filter((one) => conditionOf(one, "Available")?.status === "False");
    const [first] = gone;
    if (!first) return ok(`${all.length} APIs`);
    return fail(
      `API ${few(gone.map(({ metadata }) => metadata.name))} is not available: ${textAt(conditionOf(first, "Available"), "message")}`,
      {
        text: "Bring what answers for it back; where it is uninstalled, delete it.",
        command: sh`kubectl get apiservice ${first.metadata.name} -o yaml`,
      },
      {
        evidence: gone.map((one) => ({
          object: refOf(one),
          field: "condition Available",
          observed: "False",
          expected: "True",
        })),
      },
    );
  },
});
