import { provesByDns, strategies, strategyOf } from "../certificates/index.ts";
import type { Config } from "./config.ts";
import { ownNaming } from "./naming.ts";
import type { Rule } from "./rule.ts";

/** Of an order: Let's Encrypt's documentation, "Rate Limits"; what other public CAs take is no more. */
const MOST_NAMES = 100;
/** Inside a sentence: the ways to TLS for which the number of names does not matter. */
const oneForEachHost = strategies
  .filter(({ serves }) => serves === "routes")
  .map(({ id }) => `--tls ${id}, which gets a certificate for each host`)
  .join(", or ");

const namesOf = (config: Config): readonly string[] => ownNaming(config)?.wildcards ?? [];

/** What a CA would refuse in the middle of an installation, known before it is asked. */
export const CERTIFICATE_RULES: readonly Rule[] = [
  {
    id: "config.certificate-names",
    broken: (config) => {
      const { length } = provesByDns(config) ? namesOf(config) : [];
      if (length <= MOST_NAMES) return undefined;
      return {
        what: `--namespaces would make a certificate with ${length} names.`,
        why: `A CA takes at most ${MOST_NAMES} in one order, and this template needs one for each namespace, ours for the proof among them.`,
        between: ["tls", "domainTemplate", "namespaces"],
        remedy: `Take --domain-template flat, where one name covers all namespaces; or ${oneForEachHost}; or name at most ${MOST_NAMES - 1} namespaces.`,
      };
    },
  },
  {
    id: "config.certificate-depth",
    broken: (config) => {
      const limit = strategyOf(config.tls).acme?.mostLabels;
      if (!limit) return undefined;
      const labels = (name: string): number => name.replace(/^\*\./, "").split(".").length;
      const deep = namesOf(config).find((name) => labels(name) > limit.count);
      if (deep === undefined) return undefined;
      return {
        what: `--domain ${config.domain} is too deep for --tls ${config.tls}.`,
        why: `${deep} has ${labels(deep)} labels below its asterisk; ${limit.ca} takes names with at most ${limit.count}.`,
        between: ["domain", "tls", "domainTemplate"],
        remedy: "Choose a domain with fewer labels, --domain-template flat, or another --tls.",
      };
    },
  },
];
