import { type Check, fail, ok } from "../core/check.ts";
import { deletionBlocker } from "../kube/holders.ts";
import { at } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";

const condition = (object: unknown, type: string): unknown => {
  const all = at(object, "status", "conditions");
  return Array.isArray(all) ? all.find((one) => at(one, "type") === type) : undefined;
};

/** These CustomResourceDefinitions are served; waited for by name, because `--all` would wait for strangers. */
export const crdsEstablished = (names: readonly string[]): Check => ({
  id: "crds.established",
  title: "CustomResourceDefinitions are established",
  run: async (ctx) => {
    const live = await ctx.cluster.list({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" });
    const byName = new Map(live.map((crd) => [crd.metadata.name, crd]));
    for (const name of names) {
      const crd = byName.get(name);
      const look = { text: "Look at its conditions.", command: sh`kubectl get crd ${name} -o yaml` };
      if (!crd) return fail(`CRD ${name} does not exist`, { text: "Run install again." });
      const accepted = condition(crd, "NamesAccepted");
      if (at(accepted, "status") === "False") return fail(`CRD ${name}: ${String(at(accepted, "message"))}`, look);
      if (crd.metadata.deletionTimestamp)
        return fail(`CRD ${name} is still terminating${await deletionBlocker(ctx, crd)}`, look);
      if (at(condition(crd, "Established"), "status") !== "True")
        return fail(`CRD ${name} is not established yet`, look);
    }
    return ok(`${names.length} established`);
  },
});
