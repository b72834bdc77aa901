import { fail, ok, skipped } from "../../core/check.ts";
import { few } from "../../ports/few.ts";
import { conditionOf, describe, refOf } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { healthCheck } from "../health-check.ts";
import { CLASS, CONTROLLERS, classOf, meantBy, runs } from "./ingress-class.ts";

export const classesServed = healthCheck({
  id: "network.classes",
  title: "Each Service's own ingress class is one that a controller here serves",
  needs: ["knative.installed"],
  symptomOf: ["network.class"],
  reads: ["Ingress.networking.internal.knative.dev", "Deployment.apps"],
  meaning:
    'A Service asks for another ingress than the rest, by its annotation `networking.knative.dev/ingress-class`, and that one is not here: it stays at "Ingress has not yet been reconciled".',
  todo: "Take the annotation away, or install that ingress.",
  threads: ["knative/serving#13826", "knative/serving#6766"],
  run: async ({ cluster }) => {
    const [ingresses, deployments] = await Promise.all([
      cluster.list({ apiVersion: "networking.internal.knative.dev/v1alpha1", kind: "Ingress" }),
      cluster.list({ apiVersion: "apps/v1", kind: "Deployment" }),
    ]);
    if (ingresses.length === 0) return skipped("there are no Services");
    // A class that is nobody's whom we know may be anybody's.
    const waiting = ingresses.filter((ingress) => {
      const controller = CONTROLLERS.get(classOf(ingress));
      if (controller === undefined) return meantBy(classOf(ingress)) !== undefined;
      return !runs(deployments, controller) && conditionOf(ingress, "Ready")?.status !== "True";
    });
    const [first] = waiting;
    if (!first) return ok(few([...new Set(ingresses.map(classOf))]));
    const { name, namespace } = first.metadata;
    const controller = CONTROLLERS.get(classOf(first));
    return fail(
      `${few(waiting.map(describe))} ${waiting.length === 1 ? "has" : "have"} the class ${classOf(first)}, and ${controller ? `no ${controller} runs here` : `no controller has that one: is ${meantBy(classOf(first))} meant?`}`,
      {
        text: "Take the annotation from the Service, so that it gets the usual ingress.",
        command: sh`kubectl annotate ksvc ${name} ${inNamespace(namespace)} networking.knative.dev/ingress-class- networking.knative.dev/ingress.class-`,
      },
      {
        evidence: waiting.map((ingress) => ({
          object: refOf(ingress),
          field: `annotation ${CLASS[0]}`,
          observed: classOf(ingress),
        })),
      },
    );
  },
});
