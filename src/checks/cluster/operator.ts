import { type Finding, fail, ok, skipped, warn } from "../../core/check.ts";
import type { Evidence } from "../../ports/facts.ts";
import { few } from "../../ports/few.ts";
import {
  at,
  conditionOf,
  dataOf,
  describe,
  isRecord,
  type KubeObject,
  numberAt,
  refOf,
  textAt,
  VERSION_LABEL,
} from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { minorOf } from "../../ports/version.ts";
import { isOpenShift, KNATIVE, OPENSHIFT, OPERATOR, operatorsIn } from "../found.ts";
import { healthCheck } from "../health-check.ts";

/** What the operator calls its Deployment, in each of its releases. */
const ITS_NAME = /^knative-(serving-)?operator$/;
/** Availability is told by each Deployment itself (knative/operator pkg/apis/operator/base/common.go). */
const CONDITIONS = ["TargetClusterResolved", "VersionMigrationEligible", "DependenciesInstalled", "InstallSucceeded"];
/** A webhook that refuses what it applies is a finding of its own. */
const BY_WEBHOOK = /failed calling webhook|failed to call webhook/;

const withEvidence = (own: KubeObject, ...more: readonly Evidence[]) => ({
  evidence: [
    {
      object: refOf(own),
      field: ".status.version",
      observed: textAt(own, "status", "version"),
      ...(textAt(own, "spec", "version") ? { expected: textAt(own, "spec", "version") } : {}),
    },
    ...more,
  ],
});

const patched = (own: KubeObject, spec: object) => {
  const { name, namespace } = own.metadata;
  return sh`kubectl patch knativeserving ${name} ${inNamespace(namespace)} --type merge -p ${JSON.stringify({ spec })}`;
};

/** `1.22` from `1.20.1` is `1.21`; undefined: it is no release's, or no minor is in between. */
const nextStep = (installed: string, wanted: string): string | undefined => {
  const [from, to] = [installed, wanted].map((version) => Number((minorOf(version) ?? "").split(".")[1]));
  if (from === undefined || to === undefined || !(Math.abs(to - from) > 1)) return undefined;
  return `1.${to > from ? from + 1 : from - 1}`;
};

/** What the operator says that it could not do. */
const refused = (own: KubeObject): Finding | undefined => {
  const type = CONDITIONS.find((one) => conditionOf(own, one)?.status === "False");
  if (type === undefined) return undefined;
  const message = textAt(conditionOf(own, type), "message");
  const [installed, wanted] = [textAt(own, "status", "version"), textAt(own, "spec", "version")];
  const seen = withEvidence(own, { object: refOf(own), field: `condition ${type}`, observed: message });
  const summary = `the Knative operator cannot do what ${describe(own)} says: ${message}`;
  const next = type === "VersionMigrationEligible" ? nextStep(installed, wanted) : undefined;
  if (next)
    return fail(
      summary,
      {
        text: `It goes one minor at a time: take ${next} first, and the next one when that is ready.`,
        command: patched(own, { version: next }),
      },
      seen,
    );
  if (type === "DependenciesInstalled" && /istio/i.test(message))
    return fail(
      summary,
      {
        text: "Without an ingress in spec.ingress it takes Istio, which has to be there before. Install Istio, or name the ingress that you mean:",
        command: patched(own, { ingress: { istio: { enabled: false }, kourier: { enabled: true } } }),
      },
      seen,
    );
  const { name, namespace } = own.metadata;
  const remedy = {
    text: "Do what it says; the operator tries again by itself.",
    command: sh`kubectl describe knativeserving ${name} ${inNamespace(namespace)}`,
  };
  return BY_WEBHOOK.test(message) ? warn(summary, remedy, seen) : fail(summary, remedy, seen);
};

/** Settings of `spec.config` that the ConfigMaps have otherwise, or not at all. */
const unwritten = (own: KubeObject, configs: readonly KubeObject[]): readonly Evidence[] => {
  const wanted = at(own, "spec", "config");
  return Object.entries(isRecord(wanted) ? wanted : {}).flatMap(([short, settings]) => {
    const name = short.startsWith("config-") ? short : `config-${short}`;
    const live = configs.find(({ metadata }) => metadata.name === name);
    const data = dataOf(live);
    return Object.entries(isRecord(settings) ? settings : {}).flatMap(([key, expected]): readonly Evidence[] =>
      live === undefined || data[key] === expected
        ? []
        : [{ object: refOf(live), field: `.data["${key}"]`, observed: data[key], expected }],
    );
  });
};

/** Nobody carries out what the object says. */
const unattended = (
  own: KubeObject,
  deployments: readonly KubeObject[],
  configs: readonly KubeObject[],
): Finding | undefined => {
  const program = deployments.find(({ metadata }) => ITS_NAME.test(metadata.name));
  if (program && (numberAt(program, "status", "availableReplicas") ?? 0) > 0) return undefined;
  const open = unwritten(own, configs);
  const observed = numberAt(own, "status", "observedGeneration");
  const isBehind = observed !== undefined && observed < (own.metadata.generation ?? 0);
  const what = program ? `${describe(program)} does not run` : "the Knative operator is not in this cluster";
  const so =
    open.length > 0 || isBehind
      ? `so that nobody has done yet what ${describe(own)} says${open.length > 0 ? `: ${few(open.map(({ field }) => field))}` : ""}`
      : `so that a change of ${describe(own)} has no effect, and it cannot be deleted`;
  const remedy = program
    ? {
        text: "See why it does not run.",
        command: sh`kubectl describe deployment ${program.metadata.name} ${inNamespace(program.metadata.namespace)}`,
      }
    : {
        text: "Install the operator again, in the version that it had.",
        command: sh`kubectl get knativeserving --all-namespaces`,
      };
  const judge = open.length > 0 || isBehind ? fail : warn;
  return judge(`${what}, ${so}`, remedy, withEvidence(own, ...open));
};

/** Somebody else has installed over it. */
const otherVersion = (own: KubeObject, deployments: readonly KubeObject[]): Finding | undefined => {
  const controller = deployments.find(
    ({ metadata }) => metadata.name === "controller" && metadata.namespace === own.metadata.namespace,
  );
  const [said, runs] = [textAt(own, "status", "version"), controller?.metadata.labels?.[VERSION_LABEL] ?? ""];
  const [minor, other] = [minorOf(said), minorOf(runs)];
  if (!controller || minor === undefined || other === undefined || minor === other) return undefined;
  return warn(
    `the Knative operator has installed ${said}, and the controller is ${runs}: somebody else has installed over it`,
    {
      text: "Let the operator write its objects again: say the version that you mean in its object.",
      command: patched(own, { version: other }),
    },
    withEvidence(own, {
      object: refOf(controller),
      field: `label ${VERSION_LABEL}`,
      observed: runs,
      expected: said,
    }),
  );
};

/** The ingresses of `spec.ingress`; without any it is Istio (pkg/reconciler/knativeserving/ingress). */
const ingressesOf = (own: KubeObject): readonly string[] => {
  const wanted = at(own, "spec", "ingress");
  if (!isRecord(wanted)) return [];
  return ["istio", "kourier", "contour", "gateway-api"].filter((one) => at(wanted, one, "enabled") === true);
};

const withoutIngress = (own: KubeObject, deployments: readonly KubeObject[]): Finding | undefined => {
  const names = new Set(deployments.map(({ metadata }) => metadata.name));
  const missing = ingressesOf(own).filter((one) => !names.has(`net-${one}-controller`));
  const { name, namespace } = own.metadata;
  return missing.length === 0
    ? undefined
    : warn(
        `${describe(own)} asks for ${few(missing)}, and no ${few(missing.map((one) => `net-${one}-controller`))} is here`,
        {
          text: "See what the operator says of it, or take it out of spec.ingress.",
          command: sh`kubectl describe knativeserving ${name} ${inNamespace(namespace)}`,
        },
        {
          evidence: missing.map((one) => ({
            object: refOf(own),
            field: `.spec.ingress.${one}.enabled`,
            observed: true,
          })),
        },
      );
};

export const operatorObeyed = healthCheck({
  id: "knative.operator",
  title: "The Knative operator has done what its object says",
  symptomOf: ["cluster.apis", "cluster.admission"],
  reads: [OPERATOR, "Deployment.apps", "ConfigMap", OPENSHIFT],
  meaning:
    "A KnativeServing says what is to be here, and something else is: the operator refuses what it says, such as two minors at once or an Istio that is not there, it does not run, or somebody has installed over it.",
  todo: "Do what the finding says in the KnativeServing; the operator writes everything else from it.",
  threads: ["knative/operator#1465", "knative/operator#1950", "knative/operator#789"],
  run: async ({ cluster }) => {
    const [[own], isRedHats, deployments, configs] = await Promise.all([
      operatorsIn(cluster),
      isOpenShift(cluster),
      cluster.list({ apiVersion: "apps/v1", kind: "Deployment" }),
      cluster.list({ apiVersion: "v1", kind: "ConfigMap", namespace: KNATIVE }),
    ]);
    if (!own) return skipped("the Knative operator keeps no Knative here");
    // Red Hat's operator has names and versions of its own, and sets much that the object does not say.
    const ofProject = isRedHats ? undefined : (unattended(own, deployments, configs) ?? otherVersion(own, deployments));
    return (
      refused(own) ??
      ofProject ??
      withoutIngress(own, deployments) ??
      ok(textAt(own, "status", "version") || "its object is new", withEvidence(own))
    );
  },
});
