import { LEDGER, limitProblem, parseLedger } from "../certificates/acme/ledger.ts";
import { ok, skipped } from "../core/check.ts";
import { healthCheck } from "./health-check.ts";
import { ORDERED_BY, orderIn } from "./order.ts";

export const caLimits = healthCheck({
  id: "certificate.limits",
  title: "The CA's limits leave room for another certificate",
  needs: ["certificate.usable"],
  reads: ORDERED_BY,
  meaning:
    "The CA would refuse another certificate for the same names for some time, a renewal that it has asked for aside.",
  todo: "Wait until the moment that the finding names, and mend what made certificates be ordered again and again.",
  run: async (ctx) => {
    const order = await orderIn(ctx);
    if (!order) return skipped("kn-bootstrap orders no certificate here");
    const ledger = parseLedger(await ctx.cluster.get(LEDGER));
    return limitProblem(ledger, order.directory, order.names, ctx.now()) ?? ok("another one can be had now");
  },
});
