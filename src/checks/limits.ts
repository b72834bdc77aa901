import { costOf, inUtc, LEDGER, limitProblem, parseLedger, refusalIn } from "../certificates/acme/ledger.ts";
import { fail, ok, skipped, warn } from "../core/check.ts";
import { few } from "../ports/few.ts";
import { sh } from "../ports/shell.ts";
import { healthCheck } from "./health-check.ts";
import { ORDERED_BY, orderIn } from "./order.ts";

export const caLimits = healthCheck({
  id: "certificate.limits",
  title: "The CA's limits leave room for another certificate",
  needs: ["knative.installed"],
  reads: ORDERED_BY,
  meaning:
    "The CA would refuse another certificate for the same names for some time, a renewal that it has asked for aside: it has said so itself, or this cluster has had as many as it gives. What other clusters and programs have ordered for the domain is not known here.",
  todo: "Wait until the moment that the finding names, and mend what made certificates be ordered again and again.",
  threads: ["knative/serving#4058"],
  run: async (ctx) => {
    const order = await orderIn(ctx);
    if (!order) return skipped("kn-bootstrap orders no certificate here");
    const { directory, names } = order;
    const ledger = parseLedger(await ctx.cluster.get(LEDGER));
    // Without a certificate nothing says for which names one is to be.
    const refusal = refusalIn(ledger, directory, names.length > 0 ? names : undefined, ctx.now());
    if (refusal)
      return (names.length > 0 ? warn : fail)(
        `${new URL(directory).host} has refused an order for ${few(refusal.names)} and takes the next one after ${inUtc(refusal.until)}`,
        {
          text: "Wait until then, and mend what made certificates be ordered again and again. Until then the staging environment tries everything else.",
          command: sh`kn-bootstrap install --tls letsencrypt-staging`,
        },
        {
          evidence: [
            { object: LEDGER, field: '.data["ledger.json"]', observed: `refused at ${refusal.at.toISOString()}` },
          ],
        },
      );
    const cost = costOf(ledger, directory, names, ctx.now());
    return (
      limitProblem(ledger, directory, names, ctx.now()) ??
      ok(`another one can be had now${cost ? ` and ${cost.text}` : ""}`)
    );
  },
});
