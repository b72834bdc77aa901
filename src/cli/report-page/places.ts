import { knownStrategy } from "../../certificates/index.ts";
import { type CertificateChange, ofKind } from "../../changes/index.ts";
import { changesOf } from "../../core/change.ts";
import type { Checked } from "../../core/check.ts";
import { dnsProvider } from "../../dns/index.ts";
import { isMagic } from "../../dns/magic.ts";
import { ids as ingressIds, ingressProvider } from "../../ingress/index.ts";
import type { Facts } from "../../ports/facts.ts";
import { few } from "../../ports/few.ts";
import type { StepId } from "../../steps/index.ts";
import { contentOf, recordSetName } from "../reporter/plan.ts";
import { failedHop, type PlaceId } from "./hop.ts";
import { eventsOf, type Recording } from "./recording.ts";
import { planOf, type StepView } from "./steps.ts";

/** One place on the way from a name to a Service. */
export interface Place {
  readonly id: PlaceId;
  readonly title: string;
  readonly state: "in place" | "planned" | "not reached" | "stopped here" | "failed here";
  readonly facts: readonly Fact[];
  /** What leads to the next one. */
  readonly leads: string;
}

export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** The steps that make each place. */
const MADE_BY: Readonly<Record<PlaceId, readonly StepId[]>> = {
  dns: ["records", "domain"],
  address: ["address"],
  gateway: ["ingress", "certificate", "gateway-tls"],
  serving: ["crds", "core", "webhook", "resources"],
  service: ["proof"],
};

/** DNS records → address → gateway → Serving → Service, with what is known of each. Empty: nothing is. */
export const placesOf = (recording: Recording, steps: readonly StepView[]): readonly Place[] => {
  const { status } = recording;
  const plan = planOf(recording);
  if (plan?.goal === "absent" || (!plan && !status)) return [];
  const { asked } = recording;
  const findings = (id: string): readonly Checked[] =>
    steps.find((step) => step.id === id && step.status === "done")?.findings ?? [];
  const place = (id: PlaceId, title: string, leads: string, facts: readonly (Fact | undefined)[]): Place => ({
    id,
    title,
    leads,
    state: stateOf(id, recording, steps),
    facts: facts.filter((fact) => fact !== undefined),
  });
  const fact = (name: string, value: string | undefined): Fact | undefined => (value ? { name, value } : undefined);
  const address = addressText(
    status?.address && { address: status.address.host, source: status.address.source },
    findings("address"),
  );
  const certificate = certificateOf(recording);
  const ingress = status?.ingress?.id ?? asked.ingress;
  const known = ingressIds.find((id) => id === ingress);
  const ingressTitle = known ? ingressProvider(known).title : ingress;
  const serves = knownStrategy(asked.tls)?.serves ?? "nothing";
  // Half-way, Knative does not know yet that https will be served.
  const planned =
    serves !== "nothing" && !isWhole(recording, steps) ? status?.url?.replace(/^http:/, "https:") : status?.url;
  const proved = findings("proof");
  const url = proved.find(({ facts }) => facts?.status !== undefined)?.facts?.url;
  return [
    place("dns", "DNS", "gives", dnsFacts(recording)),
    place("address", "Address", "is of", [fact("Address", address || "known after the gateway is there")]),
    place("gateway", "Gateway", "routes", [
      fact("Ingress", [ingressTitle, status?.ingress?.version].filter(Boolean).join(" ")),
      ...(certificate
        ? [
            fact("Certificate", few(certificate.names)),
            fact("Issuer", certificate.issuer),
            fact("Valid until", certificate.until?.slice(0, 10)),
          ]
        : [fact("TLS", knownStrategy(asked.tls)?.serves === "nothing" ? `${asked.tls}: plain http` : undefined)]),
    ]),
    place("serving", "Knative Serving", "starts", [
      fact("Version", status?.knative?.version),
      fact("URLs", planned),
      fact(
        "Health",
        status?.problems.join("; ") || (isWhole(recording, steps) ? "every Deployment available" : undefined),
      ),
    ]),
    place("service", "Service", "", [
      fact("URL", url ?? planned),
      fact("Answer", proved.flatMap(answerWords).join("; ")),
    ]),
  ];
};

const addressText = (seen: Facts | undefined, findings: readonly Checked[]): string => {
  const { address = "", source = "" } = seen ?? findings.find(({ facts }) => facts?.address)?.facts ?? {};
  return source === "" ? address : `${address} (${source})`;
};

/** What one check of the proof has found about the answers, in words. For a check that is not ok these are its own. */
const answerWords = ({ status: outcome, summary, facts = {} }: Checked): readonly string[] => {
  if (outcome !== "ok") return [summary];
  const { status, addresses = [], names = [], notAfter, location, seconds } = facts;
  const at = addresses.length > 1 ? ` at ${addresses.join(", ")}` : "";
  const by = names.length > 0 ? `, certificate ${few(names)} until ${notAfter}` : "";
  return [
    ...(status === undefined ? [] : [`answers ${status}${at}${by}`]),
    ...(location === undefined ? [] : [`http redirects to ${location}`]),
    ...(seconds === undefined ? [] : [`answers from zero in ${seconds.toFixed(1)} s`]),
  ];
};

/** Whether the whole installation was seen. In half of one, all Deployments that there are may be available. */
export const isWhole = ({ status }: Recording, steps: readonly StepView[]): boolean =>
  status?.knative !== undefined && steps.every((step) => step.status === "done");

const stateOf = (id: PlaceId, recording: Recording, steps: readonly StepView[]): Place["state"] => {
  const { status } = recording;
  const hop = failedHop(recording);
  if (hop === id) return "failed here";
  const own = steps.filter((step) => MADE_BY[id].some((made) => made === step.id));
  const has = (wanted: StepView["status"]): boolean => own.some((step) => step.status === wanted);
  if (own.length === 0) return status?.knative ? "in place" : "planned";
  // What is broken elsewhere is felt here.
  if (has("failed")) return hop === undefined ? "failed here" : "not reached";
  if (id === "address" && status?.address) return "in place";
  if (has("stopped")) return "stopped here";
  return has("not started") ? "not reached" : "in place";
};

export interface KnownCertificate {
  readonly names: readonly string[];
  readonly issuer: string;
  /** ISO; absent: not issued, or not looked at. */
  readonly until?: string;
  readonly daysLeft?: number;
  /** Where it is kept, and why it was to be made. */
  readonly change?: CertificateChange;
}

/** The certificate as it was seen in the cluster, or else as it was planned. */
export const certificateOf = (recording: Recording): KnownCertificate | undefined => {
  const plan = planOf(recording);
  const carriedOut = eventsOf(recording, "change-done").map(({ event }) => event.change);
  const change = [...carriedOut, ...(plan ? changesOf(plan) : [])]
    .filter(ofKind("certificate"))
    .find(({ action }) => action !== "delete");
  const seen = recording.status?.certificate;
  const about = change ? { change } : {};
  if (seen) return { names: seen.names, issuer: seen.issuer, until: seen.notAfter, daysLeft: seen.daysLeft, ...about };
  return change ? { names: change.names, issuer: change.issuer, ...about } : undefined;
};

const dnsFacts = (recording: Recording): readonly (Fact | undefined)[] => {
  const { asked, status } = recording;
  const plan = planOf(recording);
  const carriedOut = eventsOf(recording, "change-done").map(({ event }) => event.change);
  const isRecords = ofKind("records");
  const written = carriedOut.filter(isRecords);
  const changes = written.length > 0 ? written : plan ? changesOf(plan).filter(isRecords) : [];
  const records = changes.flatMap(({ zone, sets }) =>
    sets.flatMap((set) =>
      set.to && set.to.type !== "TXT" ? [{ name: recordSetName(zone, set), value: contentOf(set.to) }] : [],
    ),
  );
  const seen = (status?.records ?? []).map(({ name, type, value }) => ({ name: `${name} ${type}`, value }));
  const zone = changes[0]?.zone;
  const keeper =
    asked.dns && (dnsProvider(asked.dns)?.title ?? (asked.dns === "none" ? "yours to publish" : undefined));
  const magic = asked.dns === "magic" || isMagic(status?.url ?? "");
  return [
    zone
      ? { name: "Zone", value: `${zone.name}${zone.id === zone.name ? "" : ` (${zone.id})`}` }
      : asked.domain
        ? { name: "Domain", value: asked.domain }
        : undefined,
    magic
      ? { name: "Records", value: "none: sslip.io answers with the address in the name" }
      : keeper
        ? { name: "Records", value: keeper }
        : undefined,
    ...(records.length > 0 ? records : seen),
  ];
};
