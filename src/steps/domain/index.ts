import { defaultDomain, domainIsSet, otherDefaults } from "../../checks/domain.ts";
import { domainJobEnded } from "../../checks/jobs/default-domain.ts";
import { servicesPublic } from "../../checks/names.ts";
import { magicCurrent } from "../../checks/outside/magic.ts";
import { baseDomain, type Naming, namingOf } from "../../config/naming.ts";
import { blank } from "../../core/blank.ts";
import { magicFor } from "../../dns/magic.ts";
import { findAddress } from "../../ingress/address.ts";
import { isOurs, managerFor, ownerOfData } from "../../kube/inventory.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import type { KubeObject } from "../../ports/object.ts";
import { type Reader, readerOf } from "../../ports/reader.ts";
import type { Installation } from "../installation.ts";
import { part as partOf, step } from "../part.ts";
import { CONFIG_DOMAIN } from "./found.ts";

/** How Services are called, or undefined while the address that the domain is made from is not known. */
export const findNaming = async (reader: Reader, { config, ingress }: Installation): Promise<Naming | undefined> => {
  const address = config.domain === undefined ? (await findAddress(reader, config, ingress))?.host : undefined;
  const domain = baseDomain(config, address);
  return domain === undefined ? undefined : namingOf(config, domain);
};

/** The same for a plan: the domain has a blank while its address is unknown. */
export const plannedNaming = async (ctx: PlanContext, install: Installation): Promise<Naming> =>
  (await findNaming(ctx.live, install)) ??
  namingOf(install.config, magicFor(blank(`the address of ${install.ingress.title}`)));

const domain = (install: Installation) =>
  step({
    id: "domain",
    title: "Set the domain",
    undo: "Forget the domain",
    needs: ["address", "webhook"],
    plan: async (ctx) => {
      const { domain: name } = await plannedNaming(ctx, install);
      const live = await ctx.live.get(CONFIG_DOMAIN);
      const object: KubeObject = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { namespace: "knative-serving", name: CONFIG_DOMAIN.name },
        data: { [name]: "" },
      };
      const manager = managerFor("domain");
      // Keys of our own applied set go by themselves; others, and our own after a merge patch, have to be dropped by name.
      const applied =
        live?.metadata.managedFields?.find((entry) => entry.manager === manager && entry.operation === "Apply")
          ?.fieldsV1?.["f:data"] ?? {};
      const others = otherDefaults(live, name).filter((key) => !(`f:${key}` in applied));
      const changes = await ctx.reconcile([object], { manager, dropData: others, partial: true });
      return changes.map((change) => {
        const conflicts = (change.dropData ?? []).flatMap((key) => {
          const owner = ownerOfData(live, key);
          return isOurs(owner) ? [] : [{ path: `.data[${JSON.stringify(key)}]`, owner: owner ?? "nobody", from: "" }];
        });
        return { ...change, conflicts: [...change.conflicts, ...conflicts] };
      });
    },
    absent: async () => [],
    verify: [domainIsSet(async (ctx) => (await findNaming(readerOf(ctx.cluster), install))?.domain)],
  });

export const part = partOf({
  id: "domain",
  steps: (install) => [domain(install)],
  checks: [defaultDomain, servicesPublic, domainJobEnded, magicCurrent],
});
