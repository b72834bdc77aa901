import { type Finding, fail, ok, type ReadContext } from "../../core/check.ts";
import { choosesPods, templateLabels } from "../../kube/selected.ts";
import type { Remedy } from "../../ports/error.ts";
import { few } from "../../ports/few.ts";
import { at, describe, type KubeObject, type ObjectRef, refOf, VERSION_LABEL } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { AGAIN } from "../again.ts";
import { FOUND_BY, findInstallation, KNATIVE } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { type Asked, KOURIER, type Needed, SERVING } from "./needed.ts";

export const nothingMissing = healthCheck({
  id: "knative.whole",
  title: "What Knative's processes ask for by name is there",
  needs: ["knative.installed"],
  symptomOf: ["knative.admitted", "knative.operator"],
  reads: [...FOUND_BY, "Deployment.apps", "Service"],
  meaning:
    "A Service or a ConfigMap of the release was deleted, or the selector of a Service was changed. The parts of Knative no longer find each other, and a process that starts anew ends at once.",
  todo: "Make what is missing from the release that runs: `kn-bootstrap install` for an installation of ours, else `kubectl create -f` with the release's file, which leaves what exists as it is.",
  run: async ({ cluster }) => {
    const [{ choices, ingress }, deployments] = await Promise.all([
      findInstallation(cluster),
      cluster.list({ apiVersion: "apps/v1", kind: "Deployment" }),
    ]);
    const parts = [SERVING, ...(ingress?.id === "kourier" ? [KOURIER] : [])];
    const all = await Promise.all(
      parts.map(async (needed) => ({
        needed,
        objects: await Promise.all([
          ...needed.services.map((asked) => look(cluster, "Service", asked, deployments)),
          ...needed.configMaps.map((asked) => look(cluster, "ConfigMap", asked, deployments)),
        ]),
      })),
    );
    const isOurs = Object.keys(choices).length > 0;
    const missing = all.flatMap(({ needed, objects }) => missingIn(objects, needed, isOurs) ?? []);
    const looked = all.flatMap(({ objects }) => objects);
    const misled = looked.find(leadsElsewhere);
    return missing[0] ?? (misled ? leading(misled) : ok(`${looked.length} of ${looked.length} objects`));
  },
});

interface Looked {
  readonly ref: ObjectRef;
  readonly live: KubeObject | undefined;
  readonly maker: KubeObject | undefined;
}

/** Distributions put Kourier into another namespace, with its Deployments. */
const look = async (
  cluster: ReadContext["cluster"],
  kind: "Service" | "ConfigMap",
  { name, by }: Asked,
  deployments: readonly KubeObject[],
): Promise<Looked> => {
  const named = deployments.filter(({ metadata }) => metadata.name === by);
  const maker = named.find(({ metadata }) => metadata.namespace === KNATIVE) ?? named[0];
  const ref = { apiVersion: "v1", kind, namespace: maker?.metadata.namespace ?? KNATIVE, name };
  const live = (await cluster.get(ref)) ?? (await cluster.get({ ...ref, namespace: KNATIVE }));
  return { ref, live, maker };
};

/** Without the Deployment nothing asks for it: that it is gone is told by other checks. */
const missingIn = (objects: readonly Looked[], { source }: Needed, isOurs: boolean): Finding | undefined => {
  const gone = objects.filter(({ live, maker }) => maker && !live);
  if (gone.length === 0) return undefined;
  const version = gone.map(({ maker }) => maker?.metadata.labels?.[VERSION_LABEL]).find(Boolean);
  return fail(
    `${few(gone.map(({ ref }) => describe(ref)))} ${gone.length === 1 ? "does" : "do"} not exist`,
    isOurs ? AGAIN : fromRelease(source, version),
    { evidence: gone.map(({ ref }) => ({ object: ref, field: "" })) },
  );
};

const fromRelease = (source: Needed["source"], version: string | undefined): Remedy => ({
  text: "Create what is missing from the file of the release that runs; what exists is refused, and stays as it is.",
  command: sh`kubectl create -f ${source(version ?? "VERSION")}`,
});

const leadsElsewhere = ({ ref, live, maker }: Looked): boolean =>
  ref.kind === "Service" && live !== undefined && maker !== undefined && !choosesPods(live, templateLabels(maker));

const leading = ({ live, maker }: Looked): Finding => {
  const [service, deployment] = [live as KubeObject, maker as KubeObject];
  return fail(
    `${describe(service)} selects no pod of ${describe(deployment)}`,
    {
      text: "Compare its selector with the labels of those pods, and make them agree:",
      command: sh`kubectl get pods ${inNamespace(deployment.metadata.namespace)} --show-labels`,
    },
    {
      evidence: [
        { object: refOf(service), field: ".spec.selector", observed: at(service, "spec", "selector") },
        { object: refOf(deployment), field: ".spec.template.metadata.labels", observed: templateLabels(deployment) },
      ],
    },
  );
};
