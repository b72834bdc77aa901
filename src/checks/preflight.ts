import { type Check, fail, ok, type ReadContext, skipped, warn } from "../core/check.ts";
import { MANAGER, ownerOf } from "../kube/inventory.ts";
import { at, type KubeObject, keyOf, textAt, VERSION_LABEL } from "../ports/object.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { FOUND_BY, findInstallation, isOpenShift, KNATIVE, OPENSHIFT, OPERATOR, operatorsIn } from "./found.ts";
import { healthCheck } from "./health-check.ts";

/** `v1.36.2` or `1.34` → [1, 36]. */
const minorOf = (version: string): readonly [number, number] => {
  const [, major = "0", minor = "0"] = /(?<!\d)(\d+)\.(\d+)/.exec(version) ?? [];
  return [Number(major), Number(minor)];
};

const atLeast = (version: string, minimum: string): boolean => {
  const [a, b] = minorOf(version);
  const [c, d] = minorOf(minimum);
  return a > c || (a === c && b >= d);
};

/**
 * Knative's controllers end with "Version check failed" on an older server, after an install that applied cleanly
 * (knative.dev/pkg version.go); so this comes first. `newestFor`: the newest minor that a server can run, where there is one.
 */
export const serverVersion = (
  knative: string,
  minimum: string,
  newestFor: (kubernetes: string) => string | undefined,
): Check => ({
  id: "cluster.version",
  title: "The server is new enough for this Knative",
  run: async (ctx) => {
    const version = await ctx.cluster.version();
    const seen = { facts: { version }, evidence: [{ field: "version", observed: version, expected: minimum }] };
    if (atLeast(version, minimum)) return ok(`Kubernetes ${version}, Knative ${knative} needs ${minimum}`, seen);
    const fitting = newestFor(version);
    return fail(
      `Knative ${knative} needs Kubernetes ${minimum} or newer, and this server is ${version}.`,
      fitting === undefined
        ? { text: "Upgrade the cluster: no Knative that is known here runs on it." }
        : {
            text: "Take the newest that this server can run, or upgrade the cluster:",
            command: sh`kn-bootstrap install --knative-version ${fitting}`,
          },
      seen,
    );
  },
});

export const serverVersionFound = healthCheck({
  id: "cluster.version",
  title: "The server is new enough for this Knative",
  reads: ["version", "Namespace", "Deployment.apps", OPENSHIFT],
  meaning: 'Knative\'s processes end at once with "Version check failed".',
  todo: "Upgrade the cluster, or take a Knative that it can run: docs/versions.md has the table. Do not set `KUBERNETES_MIN_VERSION`: it silences the check and nothing else.",
  threads: ["knative/operator#1268", "knative/operator#2233", "knative/docs#4356", "knative/docs#3122"],
  run: async (ctx, memory) => {
    const [finding, lowered, isRedHats] = await Promise.all([
      judgeServer(ctx, memory),
      loweredMinimum(ctx),
      isOpenShift(ctx.cluster),
    ]);
    if (finding.status !== "fail" || lowered === undefined || !atLeast(await ctx.cluster.version(), lowered))
      return finding;
    // Red Hat ships it so.
    if (isRedHats) return ok(`runs with KUBERNETES_MIN_VERSION=${lowered}, as OpenShift ships it`);
    return warn(`${finding.summary} It runs because KUBERNETES_MIN_VERSION says ${lowered}.`, finding.remedy, {
      evidence: [...(finding.evidence ?? []), { object: CONTROLLER, field: MINIMUM, observed: lowered }],
    });
  },
});

const CONTROLLER = { apiVersion: "apps/v1", kind: "Deployment", namespace: KNATIVE, name: "controller" };
/** Takes the place of what a controller asks for (knative.dev/pkg/version). */
const MINIMUM = "KUBERNETES_MIN_VERSION";

const loweredMinimum = async ({ cluster }: ReadContext): Promise<string | undefined> => {
  const deployments = await cluster.list({ apiVersion: "apps/v1", kind: "Deployment" });
  const containers = at(
    deployments.find((one) => keyOf(one) === keyOf(CONTROLLER)),
    ...["spec", "template", "spec", "containers"],
  );
  const env = (Array.isArray(containers) ? containers : []).flatMap((one) => at(one, "env") ?? []);
  return (
    textAt(
      env.find((one) => at(one, "name") === MINIMUM),
      "value",
    ) || undefined
  );
};

const judgeServer: Check["run"] = async (ctx, memory) => {
  const { loadCatalog } = await import("../releases/index.ts");
  const { minors, newestFor, resolve } = await loadCatalog();
  const live = await ctx.cluster.get({ apiVersion: "v1", kind: "Namespace", name: KNATIVE });
  const installed = /^v?(\d+\.\d+)/.exec(live?.metadata.labels?.[VERSION_LABEL] ?? "")?.[1];
  if (installed !== undefined && !minors.includes(installed))
    return skipped(`what Knative ${installed} needs is not known here`);
  const { minor, minimumKubernetes } = resolve(installed, {}, await ctx.cluster.version());
  return serverVersion(installed ?? minor, minimumKubernetes, newestFor).run(ctx, memory);
};

/** Who made the Knative that is already there. */
export type Maker = "nobody" | "kn-bootstrap" | "kubectl" | "helm" | "operator";

const makerOf = (namespace: KubeObject, deployment: KubeObject | undefined): Maker => {
  const marks = [namespace, deployment].filter((object) => object !== undefined);
  // Made by us, or taken over earlier.
  const isOurs = (object: KubeObject): boolean =>
    ownerOf(object) !== undefined || object.metadata.managedFields?.some(({ manager }) => manager === MANAGER) === true;
  if (marks.some(isOurs)) return "kn-bootstrap";
  const isHelm = (object: KubeObject): boolean =>
    object.metadata.labels?.["app.kubernetes.io/managed-by"] === "Helm" ||
    object.metadata.annotations?.["meta.helm.sh/release-name"] !== undefined;
  return marks.some(isHelm) ? "helm" : "kubectl";
};

/** Refuses a Knative that another tool manages: both would overwrite each other without end. */
export const knativeOwner = (takeOwnership: boolean): Check => ({
  id: "knative.owner",
  title: "No other installer keeps this Knative",
  run: async (ctx) => {
    const [operator] = await operatorsIn(ctx.cluster);
    if (operator) {
      const { namespace, name } = operator.metadata;
      return fail(`Knative here is kept by the Knative operator (KnativeServing ${namespace}/${name}).`, {
        text: "The operator would undo every change. Configure it there, or delete that object first.",
        command: sh`kubectl delete knativeserving ${name} ${inNamespace(namespace)}`,
      });
    }
    const deployments = await ctx.cluster.list({
      apiVersion: "apps/v1",
      kind: "Deployment",
      namespace: "knative-serving",
    });
    const controller = deployments.find(({ metadata }) => metadata.name === "controller");
    const namespace = await ctx.cluster.get({ apiVersion: "v1", kind: "Namespace", name: "knative-serving" });
    if (!namespace || !controller) return ok("no Knative here yet, or one that is half installed");
    const maker = makerOf(namespace, controller);
    if (maker === "kn-bootstrap") return ok("made by kn-bootstrap");
    if (maker === "helm") {
      return fail("Knative here was installed by Helm.", {
        text: "Helm would undo changes at its next upgrade. Uninstall that release first.",
        command: sh`helm list --all-namespaces --filter knative`,
      });
    }
    return takeOwnership
      ? ok("made with kubectl, taken over by --take-ownership")
      : fail("Knative here was installed with kubectl or another tool, not by kn-bootstrap.", {
          text: "To let kn-bootstrap manage it, take what the plan shows as somebody else's.",
          command: sh`kn-bootstrap install --take-ownership`,
        });
  },
});

export const knativeOwnerFound = healthCheck({
  id: "knative.owner",
  title: "No other installer keeps this Knative",
  reads: [...FOUND_BY, OPERATOR, "Deployment.apps", "Namespace"],
  meaning: "Two installers manage the same objects, and each undoes what the other one does.",
  todo: "Leave it to one of them: uninstall the other, or take over what was made with kubectl by `--take-ownership`.",
  run: async (ctx, memory) => {
    const { choices } = await findInstallation(ctx.cluster);
    return Object.keys(choices).length > 0
      ? knativeOwner(false).run(ctx, memory)
      : skipped("kn-bootstrap has installed nothing here");
  },
});
