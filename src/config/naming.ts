import { hasTls } from "../certificates/index.ts";
import { isMagic, magicDomain } from "../dns/magic.ts";
import { HOME } from "../kube/inventory.ts";
import { challengeName } from "../ports/dns-name.ts";
import type { Config } from "./config.ts";

/** A Knative Service, as far as its name goes. */
export interface ServiceName {
  readonly name: string;
  readonly namespace: string;
}

/** How every Service of an installation is called, and all names that follow from it. Names are absolute, without the last dot. */
export interface Naming {
  /** One's own, or made from the gateway's address. */
  readonly domain: string;
  /** Whether the domain is made from an address, so that no records are needed. */
  readonly isMagic: boolean;
  /** `hello-default.apps.example.com` */
  readonly host: (service: ServiceName) => string;
  /** As Knative prints it: with the host, and without a port. */
  readonly url: (service: ServiceName) => string;
  /** Leads every host to the gateway, as long as no record stands below it: `*.apps.example.com`. */
  readonly everything: string;
  /** The fewest wildcards that cover each host of the namespaces in a certificate, sorted. */
  readonly wildcards: readonly string[];
  /** The TXT names by which a CA is shown that the wildcards are ours, in the same order. */
  readonly challenges: readonly string[];
  /**
   * The wildcards that lead to the gateway: {@link everything}, and each that has a challenge of its own, because that record ends what
   * {@link everything} answers there (rule 17).
   */
  readonly published: readonly string[];
  /** Whether hosts are one label below the domain, so that one wildcard covers them all. */
  readonly isFlat: boolean;
}

type Choice = Pick<Config, "domainTemplate" | "namespaces" | "tls">;

/** Of the chosen namespaces, and of ours, where the proof's Service lives. `domain`: see {@link baseDomain}; it may be a blank. */
export const namingOf = ({ domainTemplate, namespaces, tls }: Choice, domain: string): Naming =>
  createNaming({ template: domainTemplate, namespaces: [...namespaces, HOME], isHttps: hasTls({ tls }), domain });

/** Of a domain of one's own, which is known before anything is installed. */
export const ownNaming = (config: Choice & Pick<Config, "domain">): Naming | undefined =>
  config.domain === undefined ? undefined : namingOf(config, config.domain);

/** One's own, else by magic DNS; undefined: there is no address yet, or it is a host name (rule 21). */
export const baseDomain = ({ domain }: Pick<Config, "domain">, address: string | undefined): string | undefined =>
  domain ?? (address === undefined ? undefined : magicDomain(address));

export interface NamingParts {
  /** A Go template, in full. */
  readonly template: string;
  readonly domain: string;
  readonly namespaces: readonly string[];
  readonly isHttps: boolean;
}

export const createNaming = ({ template, domain, namespaces, isHttps }: NamingParts): Naming => {
  const host = (service: ServiceName): string => rendered(template, service, domain);
  const everything = `*.${domain}`;
  // RFC 6125 §6.4.3: a wildcard stands for exactly one label.
  const parents = namespaces.map((namespace) => parentOf(host({ name: "name", namespace })));
  const wildcards = [...new Set(parents)].sort().map((parent) => `*.${parent}`);
  return {
    domain,
    isMagic: isMagic(domain),
    host,
    url: (service) => `${isHttps ? "https" : "http"}://${host(service)}`,
    everything,
    wildcards,
    challenges: wildcards.map(challengeName),
    published: [...new Set([everything, ...(isHttps ? wildcards : [])])],
    isFlat: wildcards.every((name) => name === everything),
  };
};

/** Only the fields that Knative gives a domain template: Name, Namespace, Domain. */
const rendered = (template: string, { name, namespace }: ServiceName, domain: string): string => {
  const values: Readonly<Record<string, string>> = { Name: name, Namespace: namespace, Domain: domain };
  return template.replace(/\{\{-?\s*\.(\w+)\s*-?\}\}/g, (whole, field: string) => values[field] ?? whole);
};

const parentOf = (host: string): string => host.slice(host.indexOf(".") + 1);
