import { wantedCertificates } from "../../certificates/cert-manager/chain.ts";
import { fail, ok, skipped } from "../../core/check.ts";
import { few } from "../../ports/few.ts";
import { at, conditionOf, describe, type KubeObject, refOf, textAt } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { FOUND_BY, KNATIVE } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { whereAsked } from "./asked.ts";

/** RFC 5280 has 64 (ub-common-name); Knative goes by 63, and by this before the domain (pkg/reconciler/certificate/resources). */
const MOST = 63;
const PREFIX = "k.";

const firstName = (wanted: KubeObject): string => {
  const names = at(wanted, "spec", "dnsNames");
  return Array.isArray(names) && typeof names[0] === "string" ? names[0] : "";
};

/** The name is the first one, or a short one made of the domain, which a DomainMapping has not. */
const isTooLong = (wanted: KubeObject): boolean => {
  const [name, domain] = [firstName(wanted), textAt(wanted, "spec", "domain")];
  if (name.length <= MOST) return false;
  return domain === "" || domain === name || domain.length > MOST - PREFIX.length;
};

const isOfMapping = ({ metadata }: KubeObject): boolean =>
  metadata.ownerReferences?.some(({ kind }) => kind === "DomainMapping") === true;

const remedyFor = (wanted: KubeObject) =>
  isOfMapping(wanted)
    ? {
        text: "Use a shorter name, or give the DomainMapping a certificate of its own: spec.tls.secretName.",
        command: sh`kubectl get domainmappings --all-namespaces`,
      }
    : {
        text: `Use a shorter domain (at most ${MOST - PREFIX.length} letters), a shorter template, or shorter names of Services and namespaces; or one certificate for each namespace: namespace-wildcard-cert-selector.`,
        command: sh`kubectl edit configmap config-network -n ${KNATIVE}`,
      };

export const commonNamesFit = healthCheck({
  id: "cert-manager.common-names",
  title: "The names of the certificates that Knative asks for are no longer than a certificate's name may be",
  needs: ["knative.installed"],
  reads: [...FOUND_BY, "Certificate.networking.internal.knative.dev"],
  meaning:
    "A certificate has a common name, of at most 64 letters, beside the names that it is for. Where the host is longer, Knative makes a short one of the domain, if it can; else no certificate is asked for, and nothing but the Certificate says so.",
  todo: "Shorten the domain, the template, or the names of the Service and its namespace; a DomainMapping takes a certificate of its own.",
  threads: [
    "knative-extensions/net-certmanager#214",
    "knative-extensions/net-certmanager#550",
    "knative/serving#14250",
  ],
  run: whereAsked(async (ctx) => {
    const wanted = await wantedCertificates(ctx);
    if (wanted.length === 0) return skipped("Knative has not asked for a certificate");
    // What was issued is no trouble, by whichever rule its release went.
    const long = wanted.filter((one) => conditionOf(one, "Ready")?.status !== "True" && isTooLong(one));
    const [first] = long;
    if (!first) return ok(`${wanted.length} ${wanted.length === 1 ? "certificate" : "certificates"}`);
    return fail(
      `${few(long.map((one) => `${firstName(one)} (${describe(one)})`))} ${long.length === 1 ? "is" : "are"} longer than the ${MOST} letters of a common name, so that no certificate is asked for`,
      remedyFor(first),
      {
        evidence: long.map((one) => ({
          object: refOf(one),
          field: ".spec.dnsNames[0]",
          observed: firstName(one),
          expected: `at most ${MOST} letters`,
        })),
      },
    );
  }),
});
