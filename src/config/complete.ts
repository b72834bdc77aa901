import { hasTls, type TlsId } from "../certificates/index.ts";
import { dnsProvider } from "../dns/index.ts";
import { type Config, FLAT, NESTED } from "./config.ts";
import { inFile } from "./options.ts";
import { readValue } from "./values.ts";

/** A Config as somebody wrote it: what is not said is left to {@link complete}. */
export type Written = Partial<Config>;

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: boolean;
}

const fixed = (): Written =>
  Object.fromEntries(
    inFile.flatMap((option) =>
      option.default === undefined ? [] : [[option.key, readValue(option, option.default, option.key)]],
    ),
  );

/** Whether a public CA can be shown that the domain is ours: records can be written, by us or by a person. */
export const provesControl = (dns: string): boolean => dnsProvider(dns) !== undefined;

/** What a value that nobody chose is made from. */
export const SOURCES: Readonly<Partial<Record<keyof Config, readonly (keyof Config)[]>>> = {
  dns: ["domain"],
  tls: ["dns", "acmeDirectory"],
  domainTemplate: ["tls"],
  http: ["tls"],
};

/** The keys, and those that the values behind them were made from where nobody chose them. */
export const withSources = (
  keys: readonly (keyof Config)[],
  isChosen: (key: keyof Config) => boolean,
): readonly (keyof Config)[] => [
  ...new Set(keys.flatMap((key) => [key, ...(isChosen(key) ? [] : withSources(SOURCES[key] ?? [], isChosen))])),
];

const TEMPLATES: ReadonlyMap<string, string> = new Map([
  ["flat", FLAT],
  ["nested", NESTED],
]);

/** Fills in what was not written: first the fixed defaults, then those that depend on other options. */
export const complete = (written: Written, { env, terminal }: Surroundings): Config => {
  const config = { ...fixed(), ...written } as Config;
  const dns = config.dns ?? (config.domain ? "none" : "magic");
  const tls = config.tls ?? usualTls(config, dns);
  const isHttps = hasTls({ tls });
  return {
    ...config,
    dns,
    tls,
    domainTemplate: template(config.domainTemplate ?? (isHttps ? "flat" : "nested")),
    http: config.http ?? (isHttps ? "redirect" : "enabled"),
    // https://no-color.org: any value but the empty one.
    color: config.color ?? (terminal && !env.NO_COLOR && env.TERM !== "dumb"),
  };
};

/** Where nobody chose: a CA that browsers trust, if it can be shown that the domain is ours. */
const usualTls = ({ acmeDirectory }: Written, dns: string): TlsId => {
  if (acmeDirectory) return "acme";
  return provesControl(dns) ? "letsencrypt" : "self-signed";
};

/** The words `flat` and `nested` in full, and a template without the blanks that Go allows inside its braces. */
const template = (text: string): string => TEMPLATES.get(text) ?? text.replace(/\{\{-?\s*(\.\w+)\s*-?\}\}/g, "{{$1}}");
