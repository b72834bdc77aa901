import { accountIn, accountRef, externalAccountMissing } from "../../certificates/acme/account.ts";
import { ok, skipped } from "../../core/check.ts";
import { findingOf } from "../../core/finding-error.ts";
import { CAA_BY, caaPermits } from "../caa.ts";
import { healthCheck, isOpen } from "../health-check.ts";
import type { PlanContext } from "./context.ts";

const NONE = "the plan orders no certificate";

/** A CA that does not answer now stops nothing: the certificate's step waits for it. */
export const caTakesOrder = healthCheck({
  id: "plan.authority",
  title: "The CA takes the order",
  reads: ["authority", "Secret"],
  meaning: "The CA would refuse the order for what it says of itself: a profile that it lacks, or customers only.",
  todo: "Choose another profile or another CA, or give the external account (`ACME_EAB_KID`, `ACME_EAB_HMAC_KEY`).",
  run: async ({ order, directory, cluster, hasExternalAccount }: PlanContext) => {
    if (!order || !directory) return skipped(NONE);
    const isCustomer = await hasExternalAccount?.();
    const info = await directory();
    if (!info) return ok("it does not answer now");
    if (order.profile !== undefined && !(order.profile in info.profiles)) {
      const { unknownProfile } = await import("../../certificates/acme/problems.ts");
      return findingOf(unknownProfile({ directory: order.directory, info, names: [] }));
    }
    if (info.externalAccountRequired && !isCustomer && !accountIn(await cluster.get(accountRef(order.directory))))
      return findingOf(externalAccountMissing(order.directory));
    return ok(`${order.directory} answers`);
  },
});

export const caaPermitsOrder = healthCheck({
  id: "plan.caa",
  title: "CAA lets the CA issue what the plan orders",
  needs: ["plan.authority"],
  reads: CAA_BY,
  meaning: "A CAA record of the domain, or of one above it, forbids the CA to issue.",
  todo: "Add the record that the finding shows, or choose a CA that may issue.",
  run: async (ctx: PlanContext) => {
    const { order, directory } = ctx;
    const records = order && directory && (await ctx.records?.());
    return order && directory && isOpen(records) ? caaPermits(order, records, ctx, await directory()) : skipped(NONE);
  },
});
