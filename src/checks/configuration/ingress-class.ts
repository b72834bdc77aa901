import { fail, ok, skipped } from "../../core/check.ts";
import type { Remedy } from "../../ports/error.ts";
import { few } from "../../ports/few.ts";
import { mend } from "../../ports/mend.ts";
import { at, type KubeObject, refOf } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { configMap, FOUND_BY, findInstallation } from "../found.ts";
import { healthCheck } from "../health-check.ts";

const SUFFIX = ".ingress.networking.knative.dev";
/** The controller that reconciles a class, by the Deployment's name in every release of it. */
export const CONTROLLERS: ReadonlyMap<string, string> = new Map(
  ["kourier", "istio", "contour", "gateway-api"].map((name) => [`${name}${SUFFIX}`, `net-${name}-controller`]),
);

/** The Deployment of this name, unless it is scaled to nothing. */
export const runs = (deployments: readonly KubeObject[], name: string): KubeObject | undefined =>
  deployments.find(({ metadata, spec }) => metadata.name === name && at(spec, "replicas") !== 0);

export const ingressClassServed = healthCheck({
  id: "network.class",
  title: "The ingress class is one that a controller here serves",
  needs: ["knative.installed"],
  symptomOf: ["ingress.quota"],
  reads: [...FOUND_BY, "Deployment.apps"],
  meaning: 'Every new Service stays at "Ingress has not yet been reconciled": its class is nobody\'s.',
  todo: "Set `ingress-class` in ConfigMap knative-serving/config-network to the class of the ingress that runs, and remove `ingress.class`; without either it is Istio.",
  threads: ["knative/serving#13826", "knative/serving#13827", "knative/serving#15120", "knative/operator#789"],
  run: async (ctx) => {
    const { className } = await findInstallation(ctx.cluster);
    const wanted = CONTROLLERS.get(className);
    if (wanted === undefined) return skipped(`the class ${className} is somebody's own`);
    const deployments = await ctx.cluster.list({ apiVersion: "apps/v1", kind: "Deployment" });
    const controller = runs(deployments, wanted);
    if (controller) return ok(`${className}, served by Deployment ${controller.metadata.namespace}/${wanted}`);
    const here = [...CONTROLLERS].filter(([, name]) => runs(deployments, name)).map(([name]) => name);
    const network = configMap("config-network");
    return fail(
      `the ingress class is ${className}, and no ${wanted} runs here${here.length > 0 ? `; what runs serves ${few(here)}` : ""}`,
      remedyFor(
        here,
        deployments.find(({ metadata }) => metadata.name === wanted),
      ),
      {
        evidence: [
          {
            object: network,
            field: ".data.ingress-class",
            observed: className,
            ...(here[0] ? { expected: here[0] } : {}),
          },
          ...here.flatMap((name) => {
            const found = runs(deployments, CONTROLLERS.get(name) ?? "");
            return found
              ? [{ object: refOf(found), field: ".spec.replicas", observed: at(found, "spec", "replicas") ?? 1 }]
              : [];
          }),
        ],
      },
    );
  },
});

/** @param running classes that are served here */
const remedyFor = (running: readonly string[], stopped: KubeObject | undefined): Remedy => {
  if (stopped) {
    const { name, namespace } = stopped.metadata;
    return {
      text: "Its controller is scaled to nothing: let it run again.",
      command: sh`kubectl scale deployment ${name} ${inNamespace(namespace)} --replicas 1`,
    };
  }
  const [only] = running;
  if (only === undefined)
    return { text: "Install the ingress that the class names, or another.", command: sh`kn-bootstrap install` };
  const patch = { data: { "ingress-class": only, "ingress.class": null } };
  const remedy = mend("Name the one that runs, under the key that newer releases read.", {
    action: "patch",
    object: configMap("config-network"),
    patch,
    safe: "Nothing here serves the class that stands there, and one controller runs.",
  });
  if (running.length === 1) return remedy;
  const { fixes: _choice, ...byHand } = remedy;
  return { ...byHand, text: "Name the one that you mean, under the key that newer releases read." };
};
