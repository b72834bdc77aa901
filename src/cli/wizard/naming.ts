import { domainToASCII } from "node:url";
import type { Written } from "../../config/complete.ts";
import { baseDomain } from "../../config/naming.ts";
import { flagOf, OPTIONS, type Option } from "../../config/options.ts";
import { readValue, type Value } from "../../config/values.ts";
import { dnsProvider, ids, providers } from "../../dns/index.ts";
import { magicFor } from "../../dns/magic.ts";
import { type Ports, usualPorts } from "../../ingress/address.ts";
import { UserError } from "../../ports/error.ts";
import { isInZone } from "../../ports/zones.ts";
import type { Known, Question } from "./question.ts";
import { brokenRule, completed, exampleUrl, fitted, without } from "./settle.ts";
import type { Sight } from "./sight.ts";
import { capital, inAnswers } from "./words.ts";

/** One value by the option table's own syntax, or its sentences. */
export const readAs = (key: Option["key"], text: string): Value | UserError => {
  const option = OPTIONS.find((candidate) => candidate.key === key);
  if (!option) throw new Error(`no option ${key}`);
  try {
    return readValue(option, text, flagOf(option));
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
};

export const sentences = (error: UserError): string =>
  inAnswers([error.message, ...(error.why ? [error.why] : []), error.remedy.text].join(" "));

/** What is wrong with it, or with what would follow from it. */
export const problemWith = (key: Option["key"], text: string, meant: (value: Value) => Written): string | undefined => {
  const value = readAs(key, text);
  if (value instanceof UserError) return sentences(value);
  const broken = brokenRule(meant(value));
  return broken && sentences(broken);
};

/** Stands for "no domain of mine". It has one label, so it is never a domain. */
const MAGIC = "magic";

/** The domain that a name is made from; where the address is not known yet, how it will look. */
export const shownDomain = (written: Written, { cloud, addresses, loadBalancers, balancer }: Sight): string => {
  const [external] = addresses.external;
  const known = written.address ?? (cloud?.id === "kind" ? "127.0.0.1" : external);
  const given = completed(written).expose === "loadbalancer" ? balancer : undefined;
  return baseDomain(written, loadBalancers.work === "yes" ? given : known) ?? magicFor("ADDRESS");
};

/** At which ports it will answer: those that the proof has found, as long as the way there is the same; else the usual ones. */
export const shownPorts = (written: Written, { cloud, installed, reached }: Sight): Ports => {
  const { expose, address } = completed(written);
  const isSame = installed !== undefined && expose === installed.expose && address === installed.address;
  const usual = usualPorts({ expose, ...(address ? { address } : {}) }, cloud?.id === "kind");
  return (isSame ? reached : undefined) ?? usual;
};

const proposed = ({ sight, before }: Known): string => {
  if (sight.installed) return before.domain ?? MAGIC;
  const [first, ...others] = sight.zones.flatMap(({ zones }) => zones);
  if (first !== undefined && others.length === 0) return `apps.${first}`;
  return MAGIC;
};

/** One spelling of a name: in small letters, and in its ASCII form (RFC 5890), which is shown while it is typed. What is none stays. */
const spelled = (text: string): string => {
  const typed = text.trim();
  if (typed.toLowerCase() === MAGIC) return MAGIC;
  const value = readAs("domain", /[^\p{ASCII}]/u.test(typed) ? domainToASCII(typed) : typed);
  return typeof value === "string" ? value : typed;
};

const asDomain = (text: string): Written => {
  const name = spelled(text);
  const value = name === MAGIC ? undefined : readAs("domain", name);
  return typeof value === "string" ? { domain: value } : {};
};

/** Magic DNS needs an address, and what is reached by a host name has none (rule 21). */
const onlyNames = ({ cloud, loadBalancers }: Sight): boolean => cloud?.isNamed === true && loadBalancers.work === "yes";

export const domain: Question = {
  id: "domain",
  title: "Domain",
  owns: ["domain"],
  isAsked: () => true,
  ask: async (known, asker) => {
    const { sight, before, written } = known;
    const others = without(written, "domain");
    const text = await asker.text({
      message: "What is the base domain of every URL?",
      help: onlyNames(sight)
        ? `One of yours. Load balancers of ${sight.cloud?.title} have no address of their own, so that magic DNS cannot make one.`
        : "One of yours; or magic: a name made from the gateway's address, without any set-up.",
      initial: proposed(known),
      kept: spelled,
      live: (typed) => {
        const isMagic = spelled(typed) === MAGIC;
        const answer = asDomain(typed);
        if (!isMagic && answer.domain === undefined) return undefined;
        const meant = fitted(before, { ...others, ...answer });
        return exampleUrl(meant, shownDomain(meant, sight), shownPorts(meant, sight));
      },
      problem: (typed) => {
        const name = spelled(typed);
        if (name !== MAGIC) return problemWith("domain", name, (value) => ({ domain: String(value) }));
        return onlyNames(sight)
          ? `magic makes a name from an IP address, and load balancers of ${sight.cloud?.title} have a host name only. Give a domain of yours.`
          : undefined;
      },
    });
    return asDomain(text);
  },
};

/** Nobody writes records. */
const NONE = "none";

const keeperOf = ({ sight, before, written }: Known): string => {
  const { domain: name = "" } = written;
  if (before.dns !== undefined && before.domain === name && before.dns !== MAGIC) return before.dns;
  const sees = sight.zones.find(({ zones }) => zones.some((zone) => isInZone({ name: zone }, name)));
  const blind = sight.zones.find(({ zones, trouble }) => zones.length === 0 && trouble === undefined);
  return (sees ?? blind)?.provider ?? NONE;
};

const hintOf = (id: string, credentials: string, { sight, written }: Known): string => {
  const visible = sight.zones.find(({ provider }) => provider === id);
  if (dnsProvider(id)?.byHand) return "The records are printed, and it waits until they can be seen.";
  if (!visible) return `No credentials seen. They come from ${credentials}.`;
  if (visible.trouble !== undefined) return `It could not be asked: ${visible.trouble}`;
  const [zone] = visible.zones
    .filter((name) => isInZone({ name }, written.domain ?? ""))
    .sort((a, b) => b.length - a.length);
  if (zone !== undefined) return `Your credentials open the zone ${zone}.`;
  return visible.zones.length > 0
    ? `Your credentials open ${visible.zones.slice(0, 3).join(", ")}, and none of it is above ${written.domain}.`
    : "Its name server is set in the environment.";
};

export const dns: Question = {
  id: "dns",
  title: "DNS",
  owns: ["dns"],
  isAsked: ({ written }) => written.domain !== undefined,
  ask: async (known, asker) => {
    const { id } = await asker.choice({
      message: `Who keeps the DNS of ${known.written.domain}?`,
      help: "Whoever can write records there can also have a certificate that browsers trust.",
      initial: keeperOf(known),
      forms: 1,
      choices: [
        ...providers.map((provider) => ({
          id: provider.id,
          title: provider.byHand ? "Me, by hand" : capital(provider.title),
          hint: hintOf(provider.id, provider.credentials, known),
        })),
        {
          id: NONE,
          title: "Somebody else, later",
          hint: "The record to publish is told at the end; nobody waits for it.",
        },
      ],
    });
    return { dns: ids.find((one) => one === id) ?? NONE };
  },
};
