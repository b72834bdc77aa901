import type { Answer, Resolver } from "../ports/dns.ts";
import { cnameOf, lookAt } from "./challenge.ts";
import { ancestorsOf, askOneOf, isUnder, type ZoneServers } from "./servers.ts";

/** CAA records, and the name that has them. */
export interface Caa {
  readonly at: string;
  /** `0 issue "letsencrypt.org; accounturi=…"` */
  readonly values: readonly string[];
}

export interface CaaOptions {
  /** Of the domain: asked directly, so that no cache keeps the absence of a name that is still to come. */
  readonly start: ZoneServers;
  readonly random: () => string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What decides whether a CA may issue: the records of the name, or of the nearest one above that has any (RFC 8659 section 3). `none`: nobody
 * forbids anything; `unknown`: no server of the zone can be asked from here.
 */
export const findCaa = async (
  resolver: Resolver,
  name: string,
  { start, random, signal }: CaaOptions,
): Promise<Caa | "none" | "unknown"> => {
  for (const at of [name, ...ancestorsOf(name)].filter((each) => each !== "")) {
    const isOwn = isUnder(at, start.zone);
    const answer = isOwn
      ? (await askOneOf(resolver, start.servers, at, "CAA", signal))?.answer
      : await resolver.ask(at, "CAA", signal);
    if (!answer) return "unknown";
    const target = cnameOf(answer, at);
    const values =
      target === undefined || !isOwn
        ? caaIn(answer)
        : await behind(target, await lookAt(resolver, start, at, random, signal), resolver, signal);
    if (values.length > 0) return { at, values };
  }
  return "none";
};

const caaIn = ({ answers }: Answer): readonly string[] =>
  answers.filter(({ type }) => type === "CAA").map(({ value }) => value);

/** A wildcard's CNAME ends with the first record below the name; one of its own is followed. */
const behind = async (
  target: string,
  { swallowed }: { readonly swallowed?: string },
  resolver: Resolver,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> => (swallowed === undefined ? caaIn(await resolver.ask(target, "CAA", signal)) : []);

export interface Issuance {
  readonly wildcard: boolean;
  /** Names of the CA. */
  readonly identities: readonly string[];
  /** URL; undefined: there is no account yet. */
  readonly account: string | undefined;
}

const KNOWN: ReadonlySet<string> = new Set([
  "issue",
  "issuewild",
  "iodef",
  "issuemail",
  "contactemail",
  "contactphone",
]);

interface Property {
  readonly isCritical: boolean;
  readonly tag: string;
  readonly value: string;
}

const propertyOf = (text: string): Property | undefined => {
  const [, flags, tag, value] = /^(\d+) (\S+) "(.*)"$/s.exec(text) ?? [];
  return tag === undefined || value === undefined
    ? undefined
    : { isCritical: (Number(flags) & 128) !== 0, tag: tag.toLowerCase(), value };
};

/** Whether these records let the CA issue by DNS-01 (RFC 8659 section 4, RFC 8657). */
export const permits = (values: readonly string[], issuance: Issuance): boolean => {
  const properties = values.flatMap((value) => propertyOf(value) ?? []);
  if (properties.some(({ isCritical, tag }) => isCritical && !KNOWN.has(tag))) return false;
  const of = (wanted: string): readonly string[] =>
    properties.filter(({ tag }) => tag === wanted).map(({ value }) => value);
  const wild = of("issuewild");
  // Section 4.3: it takes the place of `issue`, for wildcards only.
  const rules = issuance.wildcard && wild.length > 0 ? wild : of("issue");
  return rules.length === 0 || rules.some((rule) => namesUs(rule, issuance));
};

const namesUs = (rule: string, { identities, account }: Issuance): boolean => {
  const [issuer = "", ...parameters] = rule.split(";").map((part) => part.trim());
  if (!identities.includes(issuer.toLowerCase().replace(/\.$/, ""))) return false;
  return parameters.every((parameter) => {
    const [, tag = "", value = ""] = /^([^=]*)=(.*)$/s.exec(parameter) ?? [];
    if (tag.trim().toLowerCase() === "accounturi") return value.trim() === account;
    if (tag.trim().toLowerCase() === "validationmethods")
      return value.split(",").some((one) => one.trim() === "dns-01");
    return true;
  });
};
