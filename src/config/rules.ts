import { isIP } from "node:net";
import {
  asksAcmeCa,
  directoryOf,
  hasGatewayCertificate,
  hasTls,
  isBrought,
  provesByDns,
  strategies,
} from "../certificates/index.ts";
import { dnsProvider, providers } from "../dns/index.ts";
import type { DnsProvider } from "../dns/provider.ts";
import { ingressProvider } from "../ingress/index.ts";
import { HOME } from "../kube/inventory.ts";
import { challengeName } from "../ports/dns-name.ts";
import { UserError } from "../ports/error.ts";
import { CERTIFICATE_RULES } from "./certificate-rules.ts";
import { provesControl } from "./complete.ts";
import type { Config } from "./config.ts";
import { LOGGING_RULES } from "./logging-rules.ts";
import { METRICS_RULES } from "./metrics-rules.ts";
import { ownNaming } from "./naming.ts";
import { flagOf } from "./options.ts";
import type { Quarrel, Rule } from "./rule.ts";
import { SHORT } from "./shown.ts";
import { duration } from "./syntax.ts";

/** `a, b or c` */
const either = (some: readonly DnsProvider[]): string =>
  some
    .map(({ id }) => id)
    .join(", ")
    .replace(/, ([^,]*)$/, " or $1");

/** What is told to a CA. */
const ASKED = ["acmeDirectory", "acmeEmail", "acmeProfile", "acmeCaFile"] as const;

/** Below every domain. */
const SHORTEST = "_kn-bootstrap.";
/** RFC 1035 §2.3.4 */
const isTooLong = (name: string): boolean => name.length > 253;

const TIMEOUT = { min: 1, max: 24 * 3600 };
const FIELDS = ["{{.Name}}", "{{.Namespace}}", "{{.Domain}}"];

/** Controllers in the cluster say themselves what they cannot work with. */
const CONTROLLER_RULES: readonly Rule[] = strategies.flatMap(({ id, controller }) =>
  controller === undefined
    ? []
    : [
        {
          id: controller.rule.id,
          broken: ({ tls, dns, domain }) =>
            tls !== id
              ? undefined
              : controller.rule.broken({
                  domain,
                  dns,
                  hasSolver: dnsProvider(dns)?.solver !== undefined,
                  solvers: either(providers.filter(({ solver }) => solver)),
                }),
        },
      ],
);

const RULES: readonly Rule[] = [
  ...CERTIFICATE_RULES,
  ...LOGGING_RULES,
  ...METRICS_RULES,
  {
    id: "config.domain-needed",
    broken: ({ dns, domain }) =>
      dns === "magic" || domain !== undefined
        ? undefined
        : {
            what: `--dns ${dns} needs --domain.`,
            why: "Only magic DNS makes a domain from the gateway's address.",
            between: ["dns", "domain"],
            remedy: "Give --domain apps.example.com, or leave --dns out.",
          },
  },
  {
    id: "config.profile",
    broken: ({ profile, ingress, logging }) =>
      profile !== "small" || ingressProvider(ingress).small || logging === "elasticsearch"
        ? undefined
        : {
            what: `--profile small does not go with --ingress ${ingress}.`,
            why: "It is small already.",
            between: ["profile", "ingress", "logging"],
            remedy: "Leave --profile out.",
          },
  },
  {
    id: "config.istio-gateway",
    broken: ({ istioGateway, ingress }) =>
      istioGateway === undefined || ingressProvider(ingress).adoption
        ? undefined
        : {
            what: `--istio-gateway does not go with --ingress ${ingress}.`,
            why: "Its gateway is its own.",
            between: ["istioGateway", "ingress"],
            remedy: "Leave --istio-gateway out, or choose --ingress istio.",
          },
  },
  {
    id: "config.mesh",
    broken: ({ mesh, ingress }) =>
      !mesh || ingressProvider(ingress).mesh
        ? undefined
        : {
            what: `--mesh does not go with --ingress ${ingress}.`,
            why: "It has no sidecars.",
            between: ["mesh", "ingress"],
            remedy: "Leave --mesh out, or choose --ingress istio.",
          },
  },
  {
    id: "config.magic-domain",
    broken: ({ dns, domain }) =>
      dns !== "magic" || domain === undefined
        ? undefined
        : {
            what: `--dns magic does not go with --domain ${domain}.`,
            why: "Magic DNS makes the domain from the gateway's address.",
            between: ["dns", "domain"],
            remedy: "Leave one of them out.",
          },
  },
  {
    id: "config.magic-address",
    broken: ({ dns, address }) =>
      dns !== "magic" || address === undefined || isIP(address)
        ? undefined
        : {
            what: `--dns magic does not go with --address ${address}.`,
            why: "Magic DNS makes the domain from an IP address, and this is a host name.",
            between: ["dns", "address"],
            remedy: "Give the IP address, or a --domain of your own.",
          },
  },
  {
    id: "config.acme-dns",
    broken: ({ tls, dns }) =>
      !provesByDns({ tls }) || provesControl(dns)
        ? undefined
        : {
            what: `--tls ${tls} does not go with --dns ${dns}.`,
            why: "The CA wants to see a TXT record in the domain's zone (DNS-01), and nobody would write it.",
            between: ["tls", "dns"],
            remedy: `Choose --dns ${either(providers)} with a --domain of your own, or --tls self-signed.`,
          },
  },
  ...CONTROLLER_RULES,
  {
    id: "config.acme-directory",
    broken: ({ tls, acmeDirectory }) =>
      !provesByDns({ tls }) || acmeDirectory !== undefined || directoryOf({ tls }) !== undefined
        ? undefined
        : {
            what: `--tls ${tls} needs --acme-directory.`,
            why: "Only Let's Encrypt is known by name.",
            between: ["tls", "acmeDirectory"],
            remedy: "Give the URL of the CA's directory, or choose --tls letsencrypt.",
          },
  },
  {
    id: "config.acme-options",
    broken: ({ tls, acmeDirectory, acmeEmail, acmeProfile, acmeCaFile }) => {
      if (asksAcmeCa({ tls })) return undefined;
      const given = { acmeDirectory, acmeEmail, acmeProfile, acmeCaFile };
      const odd = ASKED.filter((key) => given[key] !== undefined);
      return odd.length === 0
        ? undefined
        : {
            what: `${odd.map((key) => flagOf({ key })).join(" and ")} does not go with --tls ${tls}.`,
            why: "No ACME CA would be asked.",
            between: ["tls", ...odd],
            remedy: "Leave it out, or choose --tls acme.",
          };
    },
  },
  {
    id: "config.tls-secret",
    broken: ({ tls, tlsSecret }) =>
      isBrought({ tls }) === (tlsSecret !== undefined)
        ? undefined
        : isBrought({ tls })
          ? {
              what: `--tls ${tls} needs --tls-secret.`,
              why: "It says where your certificate is.",
              between: ["tls", "tlsSecret"],
              remedy: "Give --tls-secret namespace/name.",
            }
          : {
              what: `--tls-secret does not go with --tls ${tls}.`,
              why: "The certificate would come from elsewhere.",
              between: ["tls", "tlsSecret"],
              remedy: "Choose --tls secret, or leave --tls-secret out.",
            },
  },
  {
    id: "config.zone-id",
    broken: ({ dns, dnsZoneId }) =>
      dnsZoneId === undefined || dnsProvider(dns)
        ? undefined
        : {
            what: `--dns-zone-id does not go with --dns ${dns}.`,
            why: "Nothing is written into a zone.",
            between: ["dns", "dnsZoneId"],
            remedy: "Leave it out, or choose --dns route53.",
          },
  },
  {
    id: "config.long-domain",
    broken: (config) => {
      const naming = ownNaming(config);
      if (!naming) return undefined;
      const { domain, wildcards, challenges } = naming;
      const below = asksAcmeCa(config)
        ? [...challenges, challengeName(domain)]
        : [...wildcards.map((name) => `${SHORTEST}${name.slice(2)}`), `${SHORTEST}${domain}`];
      // The temporary Service of the proof has a host like every other.
      const host = naming.host({ name: "hello", namespace: HOME });
      const [name = host] = [...below, host].sort((a, b) => b.length - a.length);
      return !isTooLong(name)
        ? undefined
        : {
            what: `--domain ${domain} is too long.`,
            why: `${name} would have ${name.length} characters; a DNS name has at most 253.`,
            between: isTooLong(`${SHORTEST}${domain}`) ? ["domain"] : ["domain", "tls", "domainTemplate", "namespaces"],
            remedy: "Choose a shorter domain.",
          };
    },
  },
  {
    id: "config.template",
    broken: ({ domainTemplate }) => {
      const missing = FIELDS.filter((field) => !domainTemplate.includes(field));
      if (missing.length > 0) {
        return {
          what: `--domain-template ${domainTemplate} lacks ${missing.join(" and ")}.`,
          why: "Two Services would have the same host, or a host outside the domain.",
          between: ["domainTemplate"],
          remedy: "Write flat, nested, or a template with all three, for example {{.Name}}-{{.Namespace}}.{{.Domain}}.",
        };
      }
      const rendered = domainTemplate.replaceAll("{{.Name}}", "name").replaceAll("{{.Namespace}}", "namespace");
      if (/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+\{\{\.Domain\}\}$/.test(rendered)) return undefined;
      return {
        what: `--domain-template ${domainTemplate} does not make host names below the domain.`,
        why: "Certificate and proof must know every host beforehand: DNS labels of {{.Name}}, {{.Namespace}} and fixed text, and .{{.Domain}} at the end.",
        between: ["domainTemplate"],
        remedy: "Write flat, nested, or a template like {{.Name}}-{{.Namespace}}.{{.Domain}}.",
      };
    },
  },
  {
    id: "config.template-tls",
    broken: ({ domainTemplate, tls, namespaces }) => {
      // RFC 6125 §6.4.3: a wildcard stands for exactly one label, so everything right of the first dot must be known.
      const parent = parentOf(domainTemplate);
      if (!hasGatewayCertificate({ tls })) return undefined;
      if (parent.includes("{{.Name}}")) {
        return {
          what: `--domain-template ${SHORT.get(domainTemplate) ?? domainTemplate} does not go with --tls ${tls}.`,
          why: "A wildcard certificate stands for the first label only, and here the Service's name is further right.",
          between: ["tls", "domainTemplate"],
          remedy: "Put {{.Name}} into the first label, for example {{.Name}}-{{.Namespace}}.{{.Domain}}.",
        };
      }
      if (!parent.includes("{{.Namespace}}") || namespaces.length > 0) return undefined;
      return {
        what: `--domain-template ${SHORT.get(domainTemplate) ?? domainTemplate} with --tls ${tls} needs --namespaces.`,
        why: "One wildcard certificate does not cover hosts with the namespace as a label of its own; each namespace needs one.",
        between: ["tls", "domainTemplate", "namespaces"],
        remedy: "Give --namespaces default,…, or take --domain-template flat.",
      };
    },
  },
  {
    id: "config.redirect",
    broken: ({ http, tls }) =>
      http !== "redirect" || hasTls({ tls })
        ? undefined
        : {
            what: `--http redirect does not go with --tls ${tls}.`,
            why: "There would be no https to be sent to.",
            between: ["tls", "http"],
            remedy: "Leave --http out, or choose a --tls.",
          },
  },
  {
    id: "config.timeout",
    broken: ({ timeout }) =>
      timeout >= TIMEOUT.min && timeout <= TIMEOUT.max
        ? undefined
        : {
            what: `--timeout cannot be ${duration(timeout)}.`,
            why: `A step may take from ${duration(TIMEOUT.min)} to ${duration(TIMEOUT.max)}.`,
            between: ["timeout"],
            remedy: "Give a time such as 10m.",
          },
  },
  {
    id: "config.quiet",
    broken: ({ quiet, verbose }) =>
      quiet && verbose
        ? {
            what: "--quiet does not go with --verbose.",
            why: "One says less, the other more.",
            between: ["quiet", "verbose"],
            remedy: "Leave one of them out.",
          }
        : undefined,
  },
];

/** Everything right of the first dot that is outside the braces. */
const parentOf = (template: string): string => {
  const dot = template.replace(/\{\{\.\w+\}\}/g, (field) => field.replace(".", "_")).indexOf(".");
  return template.slice(dot + 1);
};

export interface BrokenRule extends Quarrel {
  readonly id: Rule["id"];
}

/** The first rule that is broken, of those that count. */
export const brokenRule = (
  config: Config,
  counts: (rule: BrokenRule) => boolean = () => true,
): BrokenRule | undefined => {
  for (const { id, broken } of RULES) {
    const quarrel = broken(config);
    if (quarrel && counts({ id, ...quarrel })) return { id, ...quarrel };
  }
  return undefined;
};

/** `more`: what else has to be known of it. */
export const ruleError = ({ id, what, why, remedy }: BrokenRule, more = ""): UserError =>
  new UserError({ id, what, why: `${why}${more}`, remedy, kind: "input" });

/** Throws UserError with exit code 2 for the first rule that is broken. */
export const assertRules = (config: Config): void => {
  const broken = brokenRule(config);
  if (broken) throw ruleError(broken);
};
