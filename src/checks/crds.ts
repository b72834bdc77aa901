import { type Check, type Finding, fail, ok, type ReadContext } from "../core/check.ts";
import { deletionBlocker } from "../kube/holders.ts";
import { at, type KubeObject, textAt } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";
import { healthCheck } from "./health-check.ts";

const condition = (object: unknown, type: string): unknown => {
  const all = at(object, "status", "conditions");
  return Array.isArray(all) ? all.find((one) => at(one, "type") === type) : undefined;
};

const ID = "crds.established";
const TITLE = "CustomResourceDefinitions are established";

/** These CustomResourceDefinitions are served; waited for by name, because `--all` would wait for strangers. */
export const crdsEstablished = (names: readonly string[]): Check => ({
  id: ID,
  title: TITLE,
  run: async (ctx) => judge(ctx, await definitions(ctx), names),
});

/** Names of the definitions of Knative Serving. */
export const GROUPS = /\.(serving|networking\.internal|autoscaling\.internal|caching\.internal)\.knative\.dev$/;

/** Those that every release from 1.0 on has (serving-crds.yaml of 1.0.2 and of 1.23.0). */
const ALWAYS = [
  ...["configurations", "domainmappings", "revisions", "routes", "services"].map((name) => `${name}.serving`),
  ...["certificates", "clusterdomainclaims", "ingresses", "serverlessservices"].map(
    (name) => `${name}.networking.internal`,
  ),
  ...["metrics", "podautoscalers"].map((name) => `${name}.autoscaling.internal`),
  "images.caching.internal",
].map((name) => `${name}.knative.dev`);

export const knativeCrdsEstablished = healthCheck({
  id: ID,
  title: TITLE,
  needs: ["knative.installed"],
  reads: ["CustomResourceDefinition.apiextensions.k8s.io", "any kind"],
  meaning: "The API server does not serve a kind of Knative, so that nothing of it can be read or written.",
  threads: ["knative/docs#817", "knative-extensions/net-istio#440"],
  todo: "Look at the definition's conditions. One that is still terminating waits for its objects: the finding names who holds them.",
  run: async (ctx) => {
    const live = await definitions(ctx);
    const there = live.map(({ metadata }) => metadata.name).filter((name) => GROUPS.test(name));
    return judge(ctx, live, [...new Set([...ALWAYS, ...there])]);
  },
});

const definitions = ({ cluster }: ReadContext): Promise<readonly KubeObject[]> =>
  cluster.list({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" });

const judge = async (ctx: ReadContext, live: readonly KubeObject[], names: readonly string[]): Promise<Finding> => {
  const byName = new Map(live.map((crd) => [crd.metadata.name, crd]));
  for (const name of names) {
    const crd = byName.get(name);
    const object = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name };
    const status = (type: string) => ({
      evidence: [
        {
          object,
          field: `.status.conditions[type="${type}"].status`,
          observed: at(condition(crd, type), "status"),
          expected: "True",
        },
      ],
    });
    const look = { text: "Look at its conditions.", command: sh`kubectl get crd ${name} -o yaml` };
    if (!crd)
      return fail(
        `CRD ${name} does not exist`,
        { text: "Apply the release's serving-crds.yaml, before anything else of it; or run install again." },
        { evidence: [{ object, field: "" }] },
      );
    const accepted = condition(crd, "NamesAccepted");
    if (at(accepted, "status") === "False")
      return fail(`CRD ${name}: ${textAt(accepted, "message")}`, look, status("NamesAccepted"));
    if (crd.metadata.deletionTimestamp)
      return fail(`CRD ${name} is still terminating${await deletionBlocker(ctx, crd)}`, look, {
        evidence: [{ object, field: ".metadata.deletionTimestamp", observed: crd.metadata.deletionTimestamp }],
      });
    if (at(condition(crd, "Established"), "status") !== "True")
      return fail(`CRD ${name} is not established yet`, look, status("Established"));
  }
  return ok(`${names.length} established`);
};
