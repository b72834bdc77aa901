import { isDeepStrictEqual } from "node:util";
import { directoryOf, isBrought, provesByDns } from "../../certificates/index.ts";
import { complete, type Written } from "../../config/complete.ts";
import type { Config } from "../../config/config.ts";
import { type Kept, NOTHING_KEPT, settleWith } from "../../config/kept.ts";
import { namingOf } from "../../config/naming.ts";
import { CHOICES } from "../../config/options.ts";
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

/** Whether --acme-directory has to say which CA it is. */
export const needsDirectory = ({ tls }: Written): boolean =>
  tls !== undefined && provesByDns({ tls }) && directoryOf({ tls }) === undefined;

/** Whether --tls-secret has to say where the certificate is. */
export const needsSecret = ({ tls }: Written): boolean => tls !== undefined && isBrought({ tls });

/** Whether --metrics-endpoint has to say where metrics are sent. */
export const needsEndpoint = ({ metrics }: Written): boolean => metrics === "otlp";

/** Whether each namespace needs a wildcard certificate of its own. */
export const needsNamespaces = (written: Written): boolean =>
  brokenRule({ ...withPlaceholders(written), namespaces: [] })?.id === "config.template-tls";

/** With something in the place of what a later question gives, so that the rules can judge the rest. */
export const withPlaceholders = (written: Written): Written => ({
  ...written,
  ...(needsDirectory(written) && !written.acmeDirectory ? { acmeDirectory: "https://ca.example.com/directory" } : {}),
  ...(needsSecret(written) && !written.tlsSecret ? { tlsSecret: "default/wildcard-tls" } : {}),
  ...(needsEndpoint(written) && !written.metricsEndpoint
    ? { metricsEndpoint: "http://collector.example.com:4318/v1/metrics" }
    : {}),
});

/**
 * Without what cannot stand beside what is answered: `before` is what was there, and what differs from it was answered. The rule is that
 * of every run (docs/choices.md), but for `tls`, which is always asked. What is still to be asked is taken as given.
 */
export const fitted = (before: Written, given: Written): Written => {
  const whole = { ...withPlaceholders(given), namespaces: given.namespaces?.length ? given.namespaces : ["default"] };
  const said = Object.fromEntries(
    Object.entries(whole).filter(([key, value]) => !isDeepStrictEqual(before[key as keyof Config], value)),
  );
  const gone = CHOICES.map(({ key }) => key).filter((key) => key in before && !(key in whole));
  const kept: Kept = { ...NOTHING_KEPT, values: before, insisted: ["tls"] };
  try {
    const { config } = settleWith(said, kept, gone, { env: {}, terminal: false });
    const meant = completed(whole);
    return Object.fromEntries(
      Object.entries(given).filter(
        ([key]) => key in said || isDeepStrictEqual(config[key as keyof Config], meant[key as keyof Config]),
      ),
    );
  } catch (error) {
    // The rule that is broken is told where the choice is made.
    if (error instanceof UserError) return given;
    throw error;
  }
};

/** `https://hello-default.apps.example.com`: what a first Service will be called. */
export const exampleUrl = (written: Written, domain: string, ports: Ports): string => {
  const config = completed(written);
  const [namespace = "default"] = config.namespaces;
  return urlAt(namingOf(config, domain).url({ name: "hello", namespace }), ports);
};
