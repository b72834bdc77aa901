import {
  type AcmeProblem,
  type Asked,
  AuthorityError,
  AuthorityUnreachable,
  type DirectoryInfo,
} from "../../ports/authority.ts";
import { dig } from "../../ports/dig.ts";
import { challengeName, characterString, escapedName } from "../../ports/dns-name.ts";
import { type ErrorKind, messageOf, UserError } from "../../ports/error.ts";
import { few } from "../../ports/few.ts";
import { isDistrusted, trustRemedy } from "../../ports/outside.ts";
import { type Lines, lines, sh } from "../../ports/shell.ts";
import { ZoneMoved, ZonesUnreachable } from "../../ports/zones.ts";
import { externalAccountMissing } from "./account.ts";
import { inUtc } from "./ledger.ts";

/** The order is invalid. Holds the CA's reasons, each with its name. */
export class OrderFailed extends Error {
  readonly reasons: readonly { readonly name?: string; readonly problem: AcmeProblem }[];
  constructor(reasons: OrderFailed["reasons"]) {
    super(reasons.map(({ problem }) => problem.detail).join("; ") || "the order is invalid");
    this.name = "OrderFailed";
    this.reasons = reasons;
  }
}

export interface ProblemContext {
  /** URL of the directory. */
  readonly directory: string;
  readonly info?: DirectoryInfo | undefined;
  /** Of the order. */
  readonly names: readonly string[];
  readonly accountUrl?: string | undefined;
  /** Of the external account, where one is given. */
  readonly kid?: string | undefined;
}

/** Turns an error of the CA or of the zones into a UserError with a remedy. Returns every other error as it is. */
export const explained = (error: unknown, context: ProblemContext): unknown => {
  if (error instanceof OrderFailed) {
    const first = error.reasons[0];
    const asked = first?.name === undefined ? "order" : "challenge";
    return sayWhy(first?.problem ?? { type: "unknown", detail: error.message }, asked, context, first?.name, error);
  }
  if (error instanceof AuthorityError) {
    const { problem } = error;
    const named = problem.subproblems?.find(({ name }) => name);
    const subject = named ? { ...problem, type: named.type || problem.type, detail: named.detail } : problem;
    return sayWhy(subject, error.asked, context, named?.name, error);
  }
  if (error instanceof AuthorityUnreachable) {
    const isTrust = isDistrusted(error);
    return new UserError({
      id: isTrust ? "acme.distrusted" : "acme.unreachable",
      what: `The CA at ${error.server} ${isTrust ? "shows a certificate that is not trusted" : "does not answer as it should"}: ${error.message}`,
      remedy: {
        command: sh`curl -sS ${isTrust ? ["-v"] : []} ${context.directory}`,
        ...(isTrust
          ? trustRemedy(error)
          : { text: "When it is back, run the same command again: the same order goes on. This asks it:" }),
      },
      kind: "failed",
      cause: error,
    });
  }
  if (error instanceof ZoneMoved || error instanceof ZonesUnreachable) {
    return new UserError({
      id: error instanceof ZoneMoved ? "acme.zone-moved" : "acme.zone-unreachable",
      what: `The challenge could not be written to the zone: ${messageOf(error)}`,
      remedy: "Run the same command again: the same order goes on.",
      kind: "failed",
      cause: error,
    });
  }
  return error;
};

const AGAIN = "Run the same command again.";

/** As Boulder and Pebble say it: `DNS problem: SERVFAIL looking up CAA for example.com - the domain's nameservers may be malfunctioning`. */
const LOOKUP = /looking up (A|AAAA|CAA|CNAME|NS|TXT) for ([\w.-]+\w)/;
const NO_ANSWER = /SERVFAIL|server failure|timed out|timeout|networking error/i;

const lookupIn = (detail: string): { readonly type: string; readonly at: string } | undefined => {
  const [, type, at] = LOOKUP.exec(detail) ?? [];
  return type === undefined || at === undefined ? undefined : { type, at };
};

/** Whether the CA failed in itself, or had no answer from the DNS: that may pass, while what the DNS says (NXDOMAIN, another TXT) stays. */
export const isOwnTrouble = ({ type, detail }: AcmeProblem): boolean =>
  type === "serverInternal" || (/^(dns|caa|connection)$/.test(type) && NO_ANSWER.test(detail));

/** RFC 8555 §6.7: problems that are about the account itself only where they answer newAccount. */
const ELSEWHERE =
  /^(rateLimited|externalAccountRequired|userActionRequired|(invalid|unsupported)Contact|badNonce|noDirectory)$/;

const sayWhy = (
  problem: AcmeProblem,
  asked: Asked,
  context: ProblemContext,
  name: string | undefined,
  cause: unknown,
): UserError => {
  const ca = new URL(context.directory).host;
  const subject = name === undefined ? few(context.names) : escapedName(name);
  const why = problem.detail;
  const bad = (id: string, what: string, remedy: UserError["remedy"] | string, kind: ErrorKind = "failed"): UserError =>
    new UserError({ id: `acme.${id}`, what, why, remedy, kind, cause });
  if (asked === "account" && !ELSEWHERE.test(problem.type)) return accountRefused(problem, context, cause);
  if (problem.type === "unauthorized" && asked !== "challenge")
    return bad("not-allowed", `${ca} does not let this cluster's account have the ${asked} for ${subject}.`, {
      text: "See with the CA whether the account may have certificates for these names, then run the same command again.",
    });
  switch (isOwnTrouble(problem) && problem.type === "caa" ? "dns" : problem.type) {
    case "rateLimited": {
      const next = nextTry(problem);
      const when = next ? `after ${inUtc(next)}` : "later; the CA does not say when";
      return bad(
        "rate-limited",
        `${ca} accepts ${asked === "account" ? "no new account" : `nothing more for ${subject}`} for now.`,
        `Run the same command ${when}; until then --tls letsencrypt-staging tries everything else.`,
      );
    }
    case "caa":
      return caaForbids(name ?? context.names[0] ?? "", context, { why, kind: "failed", cause });
    case "unauthorized":
    case "incorrectResponse":
      return bad("unauthorized", `${ca} did not see the right TXT record for ${subject}.`, {
        text: "See what the name's own servers answer, and whether another zone or a cache stands in between.",
        command: dig(["+trace", "TXT"], challengeName(name ?? context.names[0] ?? "")),
      });
    case "dns":
    case "connection": {
      const { type, at } = lookupIn(why) ?? { type: "TXT", at: challengeName(name ?? context.names[0] ?? "") };
      return bad("dns", `${ca} could not look up ${subject}.`, {
        text:
          type === "CAA"
            ? "See what the domain's servers answer for CAA: that there is none is fine, but without an answer no CA may issue."
            : "See whether the domain is delegated and its servers answer from everywhere.",
        command: dig(["+trace", type], at),
      });
    }
    case "externalAccountRequired":
      return externalAccountMissing(context.directory);
    case "userActionRequired":
      return bad(
        "user-action",
        `${ca} wants something done by a person first.`,
        `Usually its terms have changed: agree to them at ${context.info?.termsOfService ?? "the CA's site"}, then run the same command again.`,
      );
    case "rejectedIdentifier":
    case "unsupportedIdentifier":
      return bad(
        "rejected-name",
        `${ca} issues no certificate for ${subject}.`,
        "Choose another --domain, or another CA.",
        "input",
      );
    case "invalidProfile":
      return unknownProfile(context, problem.detail, cause);
    case "invalidContact":
    case "unsupportedContact":
      return bad(
        "contact",
        `${ca} does not accept the address.`,
        "Correct --acme-email, or take it back: --reset-choice acme-email.",
        "input",
      );
    case "noDirectory":
      return bad("directory", `${context.directory} is no ACME directory.`, "Correct --acme-directory.", "input");
    case "badNonce":
      return bad("bad-nonce", `${ca} rejected every nonce that it had given out.`, AGAIN);
    default:
      return bad("refused", `${ca} refused the certificate for ${subject}: ${problem.type}.`, AGAIN);
  }
};

/** `kind`: `input` before anything was written, `failed` when the CA has said so. */
export const caaForbids = (
  subject: string,
  context: ProblemContext,
  { why, kind, cause }: { readonly why: string; readonly kind: ErrorKind; readonly cause?: unknown },
): UserError =>
  new UserError({
    id: "acme.caa",
    what: `A CAA record forbids ${new URL(context.directory).host} to issue for ${subject.split(", ").map(escapedName).join(", ")}.`,
    why,
    remedy: {
      text: "Add this record where the CAA records are; accounturi keeps every other account out.",
      command: caaRecord(subject, context),
    },
    kind,
    cause,
  });

/** The CA refused the external account. Only the variables can be wrong, because the account's own key is new. */
const accountRefused = ({ type, detail }: AcmeProblem, { directory, kid }: ProblemContext, cause: unknown): UserError =>
  new UserError({
    id: "acme.external-account",
    what:
      kid === undefined
        ? `${new URL(directory).host} makes no account for this cluster: ${type}.`
        : `${new URL(directory).host} does not accept the external account ${kid}: ${type}.`,
    why: detail,
    remedy: {
      text:
        kid === undefined
          ? "A CA that makes accounts only for its customers gives out a key for it; then set:"
          : "Compare ACME_EAB_KID and ACME_EAB_HMAC_KEY with what the CA's console shows; many CAs let a key be used once. Then set:",
      command: sh`export ACME_EAB_KID=… ACME_EAB_HMAC_KEY=…`,
    },
    kind: "input",
    staysInput: true,
    cause,
  });

/** RFC 8659, with the parameters of RFC 8657. A wildcard asks for `issuewild` where there is one, so that is what is offered. */
export const caaRecord = (name: string, { directory, info, names, accountUrl }: ProblemContext): Lines => {
  const domain = name.replace(/^\*\./, "");
  const identity = info?.caaIdentities[0] ?? new URL(directory).hostname;
  const tag = name.startsWith("*.") || names.includes(`*.${domain}`) ? "issuewild" : "issue";
  const account = accountUrl ? `; accounturi=${accountUrl}` : "";
  return lines(
    `${escapedName(domain)}. CAA 0 ${tag} ${characterString(`${identity}; validationmethods=dns-01${account}`)}`,
  );
};

/** From Boulder's own words, `retry after 2026-08-01 10:00:00 UTC`, else from Retry-After. */
export const nextTry = ({ retryAfter, detail }: AcmeProblem): Date | undefined => {
  const [, date, time] = /retry after (\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)/.exec(detail) ?? [];
  const said = new Date(`${date}T${time}Z`);
  return Number.isNaN(said.getTime()) ? retryAfter : said;
};

export const unknownProfile = ({ directory, info }: ProblemContext, why?: string, cause?: unknown): UserError => {
  const profiles = Object.entries(info?.profiles ?? {}).map(([name, what]) => `${name} (${what})`);
  return new UserError({
    id: "acme.profile",
    what: `${new URL(directory).host} does not have that profile.`,
    ...(why ? { why } : {}),
    remedy:
      profiles.length > 0
        ? `Choose --acme-profile from ${profiles.join(", ")}, or take it back: --reset-choice acme-profile.`
        : "It has no profiles. Take the choice back: --reset-choice acme-profile.",
    kind: "input",
    ...(cause === undefined ? {} : { cause }),
  });
};
