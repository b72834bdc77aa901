import { isIP } from "node:net";
import { isUnder } from "../../dns/servers.ts";
import { dataOf, type KubeObject, type ObjectRef, refOf, textAt } from "../../ports/object.ts";
import { configMap } from "../found.ts";
import type { HealthContext, Reading } from "../health-check.ts";
import { knativeServices } from "../services.ts";

/** A domain under which Services are meant to be reached, or a name that a DomainMapping gives to one. */
export interface Domain {
  /** Absolute, lower case. */
  readonly name: string;
  /** Where it is said. */
  readonly object: ObjectRef;
  /** Hosts of Services at or below it; a DomainMapping's is its name. */
  readonly hosts: readonly string[];
  readonly isMapping?: true;
}

export interface Domains {
  /** Of the public DNS, those of config-domain first. */
  readonly open: readonly Domain[];
  /** Why the others are not looked at: `shop.local: no public name ends in local`. */
  readonly passed: readonly string[];
  /** How many were left out, because there are too many to ask for each. */
  readonly more: number;
}

/** What {@link domainsOf} reads. */
export const DOMAINS_BY = [
  "ConfigMap",
  "Service.serving.knative.dev",
  "DomainMapping.serving.knative.dev",
] as const satisfies readonly Reading[];

const MOST_DOMAINS = 10;
const MOST_HOSTS = 10;

/** Ends of names that no public name has: RFC 2606, 6761, 6762, 7686, 8375, 9476, and what companies use by habit. */
const PRIVATE_ENDS = [
  ...["test", "example", "invalid", "localhost", "local", "onion", "home.arpa", "internal", "alt"],
  ...["lan", "intranet", "corp", "home", "localdomain", "private"],
];
/** They answer with the address that is in the name. */
const MAGIC = ["sslip.io", "nip.io", "xip.io", "traefik.me"];

/** Why nothing of the public DNS can be said of a name. Undefined: it can. */
export const passedBy = (name: string): string | undefined => {
  if (name === "example.com") return "it is Knative's own example";
  if (isIP(name) !== 0 || !name.includes(".")) return "it is no name of the public DNS";
  const magic = MAGIC.find((end) => isUnder(name, end));
  if (magic) return `${magic} answers with the address that is in the name`;
  const end = PRIVATE_ENDS.find((one) => isUnder(name, one));
  return end && `no public name ends in ${end}`;
};

/** The address that a name of magic DNS holds: `203.0.113.7` of `203.0.113.7.sslip.io`. Undefined: it is none. */
export const addressInName = (name: string): string | undefined => {
  const end = MAGIC.find((one) => name.endsWith(`.${one}`));
  const found = end && /(?:^|[.-])(\d{1,3}(?:[.-]\d{1,3}){3})$/.exec(name.slice(0, -(end.length + 1)))?.[1];
  return found?.replaceAll("-", ".");
};

const PRIVATE_LABEL = "networking.knative.dev/visibility";

/** Of what Knative has given a URL that is not for the cluster alone. */
export const hostOf = (object: KubeObject): string => {
  if (object.metadata.labels?.[PRIVATE_LABEL] === "cluster-local") return "";
  const [, host = ""] = /^https?:\/\/([^/:]+)/.exec(textAt(object, "status", "url")) ?? [];
  return host.toLowerCase();
};

/** Every domain of config-domain, with a selector or without, and every DomainMapping, whoever has installed Knative. */
export const domainsOf = async (ctx: HealthContext): Promise<Domains> => {
  const config = configMap("config-domain");
  const [live, services, mappings] = await Promise.all([
    ctx.cluster.get(config),
    knativeServices(ctx),
    ctx.cluster.list({ apiVersion: "serving.knative.dev/v1beta1", kind: "DomainMapping" }),
  ]);
  const hosts = [...new Set(services.map(hostOf))].filter((host) => host !== "").sort();
  const names = Object.keys(dataOf(live))
    .filter((key) => !key.startsWith("_"))
    .map((key) => key.toLowerCase());
  // The longest one that a host ends in is the one that it was made of.
  const domainFor = (host: string): string | undefined =>
    names.filter((name) => isUnder(host, name)).sort((a, b) => b.length - a.length)[0];
  const all: readonly Domain[] = [
    ...names.sort().map((name) => ({
      name,
      object: config,
      hosts: hosts.filter((host) => domainFor(host) === name).slice(0, MOST_HOSTS),
    })),
    ...mappings
      .map((mapping): Domain => {
        const name = mapping.metadata.name.toLowerCase();
        return { name, object: refOf(mapping), hosts: [name], isMapping: true };
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  ];
  const passed = all.flatMap(({ name }) => {
    const because = passedBy(name);
    return because ? [`${name}: ${because}`] : [];
  });
  const open = all.filter(({ name }) => passedBy(name) === undefined);
  return { open: open.slice(0, MOST_DOMAINS), passed, more: Math.max(0, open.length - MOST_DOMAINS) };
};
