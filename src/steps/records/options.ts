import { ALL, CHANGING, NAMING, type OptionRow } from "../../config/option.ts";
import { anyText, domainName, resolverAddress, zoneId } from "../../config/syntax.ts";
import { ids as dnsIds, dnsProvider } from "../../dns/index.ts";

const writerMeans = (now: string, before: string): string => {
  const [writer, former] = [dnsProvider(now), dnsProvider(before)];
  const end = former && !former.byHand ? ` Nothing is written at ${former.title} any more.` : "";
  if (writer)
    return `Records are ${writer.byHand ? "published by you, and waited for" : `written at ${writer.title}`}.${end}`;
  return `${now === "magic" ? "The name is made from the gateway's address." : "Nobody writes records: the domain's owner does."}${end}`;
};

// biome-ignore format: a table is read row by row
export const options = [
  // Lower case, no trailing dot.
  { key: "domain", kind: "text", value: "NAME", syntax: domainName, group: "Ingress and domain", commands: NAMING, unset: "made from the address by magic DNS", help: "Base domain of every URL", means: () => "Every URL changes, and with it the certificate's names; the old URLs end." },
  { key: "dns", kind: "choice", choices: dnsIds, group: "Ingress and domain", commands: CHANGING, completed: true, unset: "none with --domain, else magic", help: "Who makes the domain point at the gateway", means: writerMeans },
  { key: "dnsZoneId", kind: "text", value: "ID", syntax: zoneId, belongsTo: ["domain", "dns"], group: "Ingress and domain", commands: NAMING, unset: "the zone that the parent delegates to", help: "The hosted zone to write to, where there are several", means: () => "Records are written in that zone." },
  // `host:port` of the recursive resolver that every question starts from.
  { key: "dnsResolver", kind: "text", value: "HOST:PORT", syntax: resolverAddress, group: "Ingress and domain", commands: ALL, runOnly: true, unset: "the system's resolver", help: "Resolver that every look at the DNS starts from" },
  // In a Config the words `flat` and `nested` are templates.
  { key: "domainTemplate", kind: "text", value: "TEMPLATE", syntax: anyText, group: "Ingress and domain", commands: NAMING, completed: true, unset: "flat with TLS, else nested", help: "Host of a Service: flat, nested, or a Go template", means: () => "The host of every Service changes, and with it every URL." },
] as const satisfies readonly OptionRow[];
