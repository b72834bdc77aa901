import { isDeepStrictEqual } from "node:util";
import { hasTls, strategyOf } from "../certificates/index.ts";
import type { ChoiceChange } from "../core/change.ts";
import { dnsProvider } from "../dns/index.ts";
import { complete, SOURCES, type Written } from "./complete.ts";
import type { Config } from "./config.ts";
import type { Kept, Settled } from "./kept.ts";
import { CHOICES, nameOf } from "./options.ts";
import { words } from "./shown.ts";

/** What an installation becomes by another choice, as sentences. The plan shows the objects, records and certificates themselves. */
const MEANS: Readonly<Partial<Record<keyof Config, (after: Config, before: Config) => string>>> = {
  domain: () => "Every URL changes, and with it the certificate's names; the old URLs end.",
  dns: ({ dns }, before) => {
    const [writer, former] = [dnsProvider(dns), dnsProvider(before.dns)];
    const end = former && !former.byHand ? ` Nothing is written at ${former.title} any more.` : "";
    if (writer)
      return `Records are ${writer.byHand ? "published by you, and waited for" : `written at ${writer.title}`}.${end}`;
    return `${dns === "magic" ? "The name is made from the gateway's address." : "Nobody writes records: the domain's owner does."}${end}`;
  },
  tls: (after, before) => {
    if (!hasTls(after)) return "URLs begin with http://; https is not answered any more.";
    const scheme = !hasTls(before) ? "URLs begin with https://. " : "";
    return `${scheme}The gateway serves another certificate, made by ${strategyOf(after.tls).title}; clients have to trust that.`;
  },
  tlsSecret: ({ tlsSecret }) =>
    tlsSecret ? "The gateway serves the certificate in that Secret." : "It is not served any more.",
  acmeDirectory: ({ acmeDirectory }) =>
    acmeDirectory ? "A new certificate is ordered there." : "That CA is not asked any more.",
  acmeProfile: () => "It counts from the next certificate on.",
  acmeEmail: ({ acmeEmail }) => (acmeEmail ? "The CA is told with its next account." : "It is told to no CA any more."),
  keyType: () => "It counts from the next certificate on.",
  domainTemplate: () => "The host of every Service changes, and with it every URL.",
  namespaces: () => "With nested hosts the certificate and the records are for these namespaces.",
  http: ({ http }) => (http === "redirect" ? "Plain http is sent to https." : "Plain http is answered."),
  ingress: () => "Another gateway takes over, at another address.",
  expose: () => "The gateway's Service changes its type, and with it its address and ports.",
  address: () => "Records, and names made from the address, lead there.",
  dnsZoneId: () => "Records are written in that zone.",
  hpa: ({ hpa }) =>
    hpa
      ? "The HPA autoscaler is installed."
      : "The HPA autoscaler is removed; Services of class HPA do not scale any more.",
  logging: ({ logging }) =>
    logging === "none" ? "Requests are not logged any more." : "Each request to a Service is logged by its pod.",
  skipTagResolution: () => "It counts for new revisions.",
  imageRegistry: () => "Every image comes from there; all pods of Knative and its gateway are replaced.",
};

/** What counts now in place of what was chosen before; nothing where nothing was. */
export const choiceChanges = (
  kept: Kept,
  { config, reasons }: Settled,
  said: Written,
  reset: readonly (keyof Config)[],
): readonly ChoiceChange[] => {
  if (Object.keys(kept.values).length === 0) return [];
  const before = complete(kept.values, { env: {}, terminal: false });
  const because = (key: keyof Config): string | undefined => {
    if (key in said) return undefined;
    if (reasons.has(key) || reset.includes(key)) return reasons.get(key) ?? "it was taken back";
    const source = CHOICES.find(
      (option) => SOURCES[key]?.includes(option.key) && before[option.key] !== config[option.key],
    );
    return source && `it follows from ${nameOf(source)} ${words(source, config[source.key])}`;
  };
  return CHOICES.flatMap((option) => {
    const { key } = option;
    const unreadable = kept.unreadable.find((one) => one.option === nameOf(option));
    const value = key in kept.values ? before[key] : undefined;
    if (!unreadable && isDeepStrictEqual(value, config[key])) return [];
    const change = { option: nameOf(option), to: words(option, config[key]) };
    // Whoever chose before did not know it, and so it changes nothing but what is kept.
    if (!unreadable && !(key in kept.values) && before[key] !== undefined && !(key in said)) return [change];
    const why = unreadable && !(key in said) ? "this version cannot use what was chosen" : because(key);
    const means = MEANS[key]?.(config, before);
    return [
      {
        ...change,
        from: unreadable?.value ?? words(option, value),
        ...(why ? { because: why } : {}),
        ...(means ? { means } : {}),
      },
    ];
  });
};
