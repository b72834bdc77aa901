import { domainLimitOf } from "../../certificates/acme/ledger.ts";
import { wantedCertificates } from "../../certificates/cert-manager/chain.ts";
import { ok, skipped, warn } from "../../core/check.ts";
import { type KubeObject, refOf, textAt } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { FOUND_BY, KNATIVE } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { issuerAsked, whereAsked } from "./asked.ts";

/** From here on the next deployments may be those that get none. */
const NEAR = 0.8;

const createdSince =
  (from: number) =>
  ({ metadata }: KubeObject): boolean =>
    Date.parse(metadata.creationTimestamp ?? "") > from;

export const weekHasRoom = healthCheck({
  id: "cert-manager.week",
  title: "The CA gives certificates for as many new hosts as come up in a week",
  needs: ["cert-manager.issuer"],
  reads: [...FOUND_BY, "ClusterIssuer.cert-manager.io", "Certificate.networking.internal.knative.dev"],
  meaning:
    "Each Route, tag and DomainMapping has a certificate of its own, and Let's Encrypt gives 50 for a registered domain in a week, renewals aside. What is counted is what this Knative has asked for and still has; what others order for the domain comes on top.",
  todo: "Ask for one certificate for each namespace: `namespace-wildcard-cert-selector` in config-network, with a DNS-01 solver.",
  threads: ["knative/serving#4058"],
  run: whereAsked(async (ctx) => {
    const ref = await issuerAsked(ctx);
    const [issuer, wanted] = await Promise.all([ref && ctx.cluster.get(ref), wantedCertificates(ctx)]);
    const limit = domainLimitOf(textAt(issuer, "spec", "acme", "server"));
    if (!limit) return skipped("the limits of the issuer's CA are not known");
    const recent = wanted.filter(createdSince(ctx.now().getTime() - limit.period));
    const [most] = [...Map.groupBy(recent, (one) => textAt(one, "spec", "domain"))].sort(
      ([, a], [, b]) => b.length - a.length,
    );
    const [domain = "", certificates = []] = most ?? [];
    const words = `${certificates.length} of ${limit.size} new certificates in seven days${domain ? ` for ${domain}` : ""}`;
    if (certificates.length < NEAR * limit.size) return ok(words);
    const patch = JSON.stringify({ data: { "namespace-wildcard-cert-selector": "{}" } });
    return warn(
      words,
      {
        text: "Ask for one certificate for each namespace, where the issuer has a DNS-01 solver; Knative's controller reads the setting when it starts.",
        command: sh`kubectl patch configmap config-network -n ${KNATIVE} --type merge -p ${patch}`,
      },
      {
        evidence: certificates.slice(0, 3).map((one) => ({
          object: refOf(one),
          field: ".metadata.creationTimestamp",
          observed: one.metadata.creationTimestamp,
        })),
      },
    );
  }),
});
