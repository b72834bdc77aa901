import { isAcme } from "../../certificates/index.ts";
import { hostFor } from "../../certificates/names.ts";
import { complete, type Written } from "../../config/complete.ts";
import type { Config } from "../../config/config.ts";
import { assertRules } from "../../config/rules.ts";
import { type Ports, urlAt } from "../../ingress/address.ts";
import { UserError } from "../../ports/error.ts";

/** Only what people would have to type again counts: colour and terminal do not. */
export const completed = (written: Written): Config => complete(written, { env: {}, terminal: false });

/** The first rule that it breaks, as the sentences of the same flags; undefined: none. */
export const brokenRule = (written: Written): UserError | undefined => {
  try {
    assertRules(completed(written));
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
};

export const without = (written: Written, ...keys: readonly (keyof Config)[]): Written =>
  Object.fromEntries(Object.entries(written).filter(([key]) => !keys.includes(key as keyof Config)));

/** Whether a CA is asked for certificates, by us or by cert-manager. */
export const asksCa = (tls: string): boolean => isAcme(tls) || tls === "cert-manager";

/** Whether each namespace needs a wildcard certificate of its own. */
export const needsNamespaces = (written: Written): boolean =>
  brokenRule({ ...withPlaceholders(written), namespaces: [] })?.id === "config.template-tls";

/** With something in the place of what a later question gives, so that the rules can judge the rest. */
export const withPlaceholders = (written: Written): Written => ({
  ...written,
  ...(written.tls === "acme" && !written.acmeDirectory ? { acmeDirectory: "https://ca.example.com/directory" } : {}),
  ...(written.tls === "secret" && !written.tlsSecret ? { tlsSecret: "default/wildcard-tls" } : {}),
});

/**
 * Without what belonged to a choice that is no more. `before` is what was there: the cluster keeps the defaults of its choices
 * with them, so what equals them was not meant for another choice.
 */
export const fitted = (before: Written, given: Written): Written => {
  let written = given;
  if (written.domain === undefined || written.dns === "magic") written = without(written, "dns");
  if (written.domain !== before.domain || written.dns !== before.dns) written = without(written, "dnsZoneId");
  const { tls } = completed(written);
  if (tls !== before.tls) {
    const inherited = (["acmeDirectory", "acmeProfile", "http"] as const).filter(
      (key) => written[key] === before[key] && !(tls === "acme" && key === "acmeDirectory"),
    );
    written = without(written, ...inherited);
  }
  if (!asksCa(tls)) written = without(written, "acmeEmail", "acmeDirectory", "acmeProfile", "acmeCaFile");
  if (tls !== "secret") written = without(written, "tlsSecret");
  return needsNamespaces(written) ? written : without(written, "namespaces");
};

/** `https://hello-default.apps.example.com`: what a first Service will be called. */
export const exampleUrl = (written: Written, domain: string, ports: Ports): string => {
  const { tls, domainTemplate, namespaces } = completed(written);
  const [namespace = "default"] = namespaces;
  const host = hostFor(domainTemplate, { name: "hello", namespace }, domain);
  return urlAt(`${tls === "none" ? "http" : "https"}://${host}`, ports);
};
