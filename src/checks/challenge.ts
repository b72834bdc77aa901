import { orderRef } from "../certificates/acme/journal.ts";
import { skipped } from "../core/check.ts";
import { healthCheck } from "./health-check.ts";
import { ORDERED_BY, orderIn } from "./order.ts";
import { challengeFinding } from "./outside/issuance.ts";

export const challengeReachable = healthCheck({
  id: "renew.challenge",
  title: "The CA finds the place of the challenge",
  symptomOf: ["dns.delegated", "dns.signed"],
  reads: [...ORDERED_BY, "dns"],
  meaning:
    "CNAMEs at `_acme-challenge` go round in a circle, or lead into a zone that nobody answers for; or so many values are left there that the answer is too large for the CA.",
  todo: "Correct the CNAME, or remove the values that are left; `kn-bootstrap renew --check` tries the way that a renewal takes.",
  threads: ["certbot/certbot#9236", "go-acme/lego#966", "go-acme/lego#2058"],
  run: async (ctx) => {
    const order = await orderIn(ctx);
    if (!order) return skipped("kn-bootstrap orders no certificate here");
    const { directory, names } = order;
    const pending = await ctx.cluster.get(orderRef(directory, names));
    return challengeFinding(ctx, order, pending !== undefined);
  },
});
