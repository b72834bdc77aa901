import { wantedCertificates } from "../../certificates/cert-manager/chain.ts";
import { type Finding, ok, skipped } from "../../core/check.ts";
import { UserError } from "../../ports/error.ts";
import { at, conditionOf, type KubeObject, textAt } from "../../ports/object.ts";
import { FOUND_BY } from "../found.ts";
import { type HealthContext, healthCheck, type Order } from "../health-check.ts";
import { caaFinding, challengeFinding } from "../outside/issuance.ts";
import { worst } from "../outside/worst.ts";
import { issuerAsked, whereAsked } from "./asked.ts";

/** A name each is asked for; more say the same of other hosts. */
const MOST_NAMES = 5;

const namesOf = (wanted: KubeObject): readonly string[] => {
  const names = at(wanted, "spec", "dnsNames");
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
};

const isDns = (issuer: KubeObject | undefined): boolean => {
  const solvers = at(issuer, "spec", "acme", "solvers");
  return Array.isArray(solvers) && solvers.some((solver) => at(solver, "dns01") !== undefined);
};

/** What the certificates are ordered as that wait; where none does, those that will be renewed. */
const orderOf = (issuer: KubeObject, wanted: readonly KubeObject[]): Order => {
  const open = wanted.filter((one) => conditionOf(one, "Ready")?.status !== "True");
  const names = [...new Set((open.length > 0 ? open : wanted).flatMap(namesOf))].sort().slice(0, MOST_NAMES);
  const bundle = textAt(issuer, "spec", "acme", "caBundle");
  return {
    names,
    directory: textAt(issuer, "spec", "acme", "server"),
    ...(bundle ? { root: Buffer.from(bundle, "base64").toString() } : {}),
  };
};

/** cert-manager asks from the cluster, and with roots of its own: what this machine makes of the CA says nothing of it. */
const unasked = (error: unknown): Finding => {
  if (error instanceof UserError) return skipped(`the CA cannot be asked from here: ${error.message}`);
  throw error;
};

const judge = async (ctx: HealthContext): Promise<Finding> => {
  const ref = await issuerAsked(ctx);
  const [issuer, wanted] = await Promise.all([ref && ctx.cluster.get(ref), wantedCertificates(ctx)]);
  const account = textAt(issuer, "status", "acme", "uri");
  if (!issuer || !account) return skipped("the issuer is no account at an ACME CA");
  const order = orderOf(issuer, wanted);
  if (!URL.canParse(order.directory) || order.names.length === 0)
    return skipped("Knative has not asked for a certificate");
  const findings = await Promise.all([
    caaFinding(ctx, order, account).catch(unasked),
    // Values stand there rightly while cert-manager orders.
    ...(isDns(issuer) ? [challengeFinding(ctx, order, true)] : []),
  ]);
  const first = worst(findings);
  return first?.status === "ok" ? ok(findings.map(({ summary }) => summary).join("; ")) : (first ?? skipped("nothing"));
};

export const issuancePossible = healthCheck({
  id: "cert-manager.issuance",
  title: "The CA may issue what cert-manager orders, and finds the place of its challenges",
  needs: ["cert-manager.issuer"],
  symptomOf: ["dns.delegated", "dns.signed"],
  reads: [
    ...FOUND_BY,
    "ClusterIssuer.cert-manager.io",
    "Certificate.networking.internal.knative.dev",
    "authority",
    "dns",
  ],
  meaning:
    "A CAA record of the domain, or of one above it, forbids the CA of the issuer to issue, or its account; or a CNAME at `_acme-challenge` leads into a zone that nobody answers for. cert-manager says so of a single challenge, hours later.",
  todo: "Add the record that the finding shows, correct the CNAME, or name another issuer in config-certmanager.",
  threads: ["certbot/certbot#9236", "knative/serving#14250"],
  run: whereAsked(judge),
});
