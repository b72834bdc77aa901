import { fail, ok, type ReadContext, skipped } from "../../core/check.ts";
import { chosenIngress, ids } from "../../ingress/index.ts";
import type { Remedy } from "../../ports/error.ts";
import { few } from "../../ports/few.ts";
import { mend } from "../../ports/mend.ts";
import { at, conditionOf, type KubeObject, refOf, textAt } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { configMap, FOUND_BY, findInstallation } from "../found.ts";
import { healthCheck } from "../health-check.ts";

const SUFFIX = ".ingress.networking.knative.dev";
/** Written by newer releases, and by older ones. */
export const CLASS = ["networking.knative.dev/ingress-class", "networking.knative.dev/ingress.class"];

export const classOf = ({ metadata }: KubeObject): string =>
  CLASS.map((key) => metadata.annotations?.[key]).find((value) => value !== undefined) ?? "";

/** The controller that reconciles a class, by the Deployment's name in every release of it. */
export const CONTROLLERS: ReadonlyMap<string, string> = new Map(
  ["kourier", "istio", "contour", "gateway-api"].map((name) => [`${name}${SUFFIX}`, `net-${name}-controller`]),
);

/** The class that was meant, where one is written with other capitals, or without what every class ends with. */
export const meantBy = (className: string): string | undefined => {
  const meant = `${className.trim().toLowerCase().replace(SUFFIX, "")}${SUFFIX}`;
  return meant !== className && CONTROLLERS.has(meant) ? meant : undefined;
};

/** The Deployment of this name, unless it is scaled to nothing. */
export const runs = (deployments: readonly KubeObject[], name: string): KubeObject | undefined =>
  deployments.find(({ metadata, spec }) => metadata.name === name && at(spec, "replicas") !== 0);

export const ingressClassServed = healthCheck({
  id: "network.class",
  title: "The ingress class is one that a controller here serves",
  needs: ["knative.installed"],
  symptomOf: ["ingress.quota"],
  reads: [...FOUND_BY, "Deployment.apps", "Ingress.networking.internal.knative.dev"],
  meaning: 'Every new Service stays at "Ingress has not yet been reconciled": its class is nobody\'s.',
  todo: "Set `ingress-class` in ConfigMap knative-serving/config-network to the class of the ingress that runs, and remove `ingress.class`; without either it is Istio.",
  threads: ["knative/serving#13826", "knative/serving#13827", "knative/serving#15120", "knative/operator#789"],
  run: async (ctx) => {
    const { className, choices } = await findInstallation(ctx.cluster);
    const wanted = CONTROLLERS.get(className);
    if (wanted === undefined && (await isSomebodys(ctx, className, choices)))
      return skipped(`the class ${className} is somebody's own`);
    const deployments = await ctx.cluster.list({ apiVersion: "apps/v1", kind: "Deployment" });
    const controller = wanted && runs(deployments, wanted);
    if (controller) return ok(`${className}, served by Deployment ${controller.metadata.namespace}/${wanted}`);
    const meant = meantBy(className);
    const here = [...CONTROLLERS]
      .flatMap(([name, one]) => (runs(deployments, one) ? [name] : []))
      .sort((one, other) => Number(other === meant) - Number(one === meant));
    const network = configMap("config-network");
    return fail(
      `the ingress class is ${className}, and ${wanted ? `no ${wanted} runs here` : "no controller has that one"}${here.length > 0 ? `; what runs serves ${few(here)}` : ""}`,
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

/**
 * A class that we do not know is somebody's where nothing says that another one was meant, or where another gateway than the chosen one
 * serves it. Ready alone says nothing: an Ingress that gets another class stays ready, since an annotation makes no new generation.
 */
const isSomebodys = async (
  { cluster }: ReadContext,
  className: string,
  choices: Readonly<Record<string, unknown>>,
): Promise<boolean> => {
  if (meantBy(className) !== undefined) return false;
  const chosen = ids.find((id) => id === choices.ingress);
  if (chosen === undefined) return true;
  const gateway = textAt(choices, "istio-gateway");
  const { service } = chosenIngress({ ingress: chosen, ...(gateway ? { istioGateway: gateway } : {}) });
  const ingresses = await cluster.list({ apiVersion: "networking.internal.knative.dev/v1alpha1", kind: "Ingress" });
  return ingresses.some(
    (one) =>
      classOf(one) === className && conditionOf(one, "Ready")?.status === "True" && !isServedIn(one, service.namespace),
  );
};

/** As the controller that made it ready has written, for the inside as well as the outside. */
const isServedIn = (ingress: KubeObject, namespace: string | undefined): boolean =>
  ["publicLoadBalancer", "privateLoadBalancer"].some(
    (side) => textAt(ingress, "status", side, "ingress", 0, "domainInternal").split(".")[1] === namespace,
  );

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
