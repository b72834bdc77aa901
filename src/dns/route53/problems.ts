import { TooMuch } from "../../ports/bounded.ts";
import { UserError } from "../../ports/error.ts";
import { type ShellCommand, sh } from "../../ports/shell.ts";
import { clockRemedy, isOutOfDate } from "../../ports/tls-dates.ts";
import { ZoneMoved, ZonesUnreachable } from "../../ports/zones.ts";
import { apart, clocksApart } from "../clocks.ts";
import { clocksOf } from "./clock.ts";
import { credentials, noCredentials, signIn } from "./no-credentials.ts";

/** The parts of an SDK error that we read; checked, since anything may be thrown. */
interface Facts {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly status: number | undefined;
}

const factsOf = (error: unknown): Facts => {
  const { name, code, message, messages, Messages, $metadata } = Object(error) as Record<string, unknown>;
  const { httpStatusCode } = Object($metadata) as Record<string, unknown>;
  const { Message } = Object(Messages) as Record<string, unknown>;
  // The service has two forms of this error; of the one without a code the SDK makes an unknown error with these.
  const sentences = [messages, Message].flat().filter((text) => typeof text === "string");
  return {
    name: Message === undefined ? String(name ?? "") : "InvalidChangeBatch",
    code: typeof code === "string" ? code : "",
    message: sentences.join(", ") || String(message ?? "") || String(code ?? ""),
    status: typeof httpStatusCode === "number" ? httpStatusCode : undefined,
  };
};

/** Somebody else's words, or none that can be understood: nothing follows from them, and what was asked may have been done. */
export class Garbled extends ZonesUnreachable {}

/** No error of the service: it would have a name, and be told with a status of its own. */
const isGarbled = (error: unknown): boolean => {
  const { name, status } = factsOf(error);
  const isGeneric = /^(Error|TypeError|RangeError|SyntaxError|UnknownError|Unknown)$/.test(name);
  return isGeneric && status !== undefined && status < 500;
};

/** A try that may be made again: throttled, or without an answer. Undefined: it is neither. */
export const troubleOf = (error: unknown): "throttled" | "busy" | "no-answer" | undefined => {
  const { name, code, status } = factsOf(error);
  if (name === "PriorRequestNotComplete") return "busy";
  if (/^(Throttl|RequestLimitExceeded|TooManyRequests|SlowDown)/.test(name) || status === 429) return "throttled";
  if (status !== undefined && status >= 500) return "no-answer";
  if (isGarbled(error) && status !== undefined && status < 300) return "no-answer";
  if (name === "TimeoutError" || /^(E[A-Z_]+|CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code))
    return "no-answer";
  return undefined;
};

/** `Route 53 at route53.amazonaws.com`: an endpoint of one's own is often what is wrong. */
const serviceAt = (host: string): string => `Route 53${host === "" ? "" : ` at ${host}`}`;

/** `Route 53 throttles us …`, for people who wait. Undefined: nothing to wait for. */
export const troubleText = (action: string, error: unknown, host: string): string | undefined => {
  const clocks = clocksOf(error);
  // The SDK takes the time from the answer, and signs the next try by it.
  if (clocks) return `the clocks of this machine and of AWS differ by ${apart(clocks)}; Route 53 is asked by AWS's`;
  switch (troubleOf(error)) {
    case "throttled":
      return `Route 53 throttles ${action} (5 requests a second for the whole account)`;
    case "busy":
      return `Route 53 is still busy with an earlier change of this zone`;
    case "no-answer":
      return `${serviceAt(host)} did not answer ${action}: ${factsOf(error).message}`;
    default:
      return undefined;
  }
};

/** The zone in question, or, while it is looked for, a name. */
export interface About {
  readonly name: string;
  readonly id?: string;
}

export interface Doing {
  /** As IAM calls it: `route53:GetChange`. */
  readonly action: string;
  readonly about: About;
  /** Who was asked: `route53.amazonaws.com`, `127.0.0.1:4566`; empty: nobody yet. */
  readonly host: string;
  /** What the user gave. */
  readonly domain: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const CREDENTIALS = /^(CredentialsProviderError|ProviderError|TokenProviderError)$/;
const EXPIRED = /^(ExpiredToken|ExpiredTokenException|RequestExpired|TokenRefreshRequired)$/;
const WRONG =
  /^(InvalidClientTokenId|UnrecognizedClientException|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidSignatureException|IncompleteSignature|MissingAuthenticationToken|AuthFailure|OptInRequired)$/;
const DENIED = /^AccessDenied(Exception)?$/;

const denied = (error: unknown): boolean => DENIED.test(factsOf(error).name);

/**
 * `User: ARN is not authorized to perform: route53:X on resource: ARN because …` as a UserError that names the missing action
 * and the resource. Source of the sentence: IAM User Guide, "Troubleshoot access denied error messages".
 */
const missingRight = (message: string, { action, domain, env }: Doing, cause: unknown): UserError => {
  const missing = message.match(/not authorized to perform: (\S+?)[,.]?(?:\s|$)/)?.[1] ?? action;
  const resource = message.match(/on resource: (\S+)/)?.[1];
  return new UserError({
    id: "dns.route53.denied",
    what: `AWS does not allow ${missing}${resource ? ` on ${resource}` : ""}.`,
    why: message,
    // That a role may not be assumed is a different error from the rights of a role that was.
    remedy: missing.startsWith("route53:")
      ? {
          text: "Give these credentials the policy that this prints: the least rights for exactly these records.",
          command: sh`kn-bootstrap iam-policy --domain ${domain}`,
        }
      : signIn(env.AWS_PROFILE),
    kind: "input",
    cause,
  });
};

/** A key is known in its own partition alone; in a CronJob, nothing but the Secret's keys says which that is. */
const elsewhere = (name: string, { AWS_REGION, AWS_DEFAULT_REGION, AWS_PROFILE }: Doing["env"]): string =>
  /^(InvalidClientTokenId|UnrecognizedClientException)$/.test(name) &&
  !(AWS_REGION || AWS_DEFAULT_REGION || AWS_PROFILE)
    ? " Keys of China and GovCloud are known only there: set AWS_REGION for them."
    : "";

const lookCommand = ({ name, id }: About): ShellCommand =>
  id === undefined
    ? sh`aws route53 list-hosted-zones-by-name --dns-name ${name}`
    : sh`aws route53 list-resource-record-sets --hosted-zone-id ${id}`;

/** What `error`, thrown by the SDK after its own retries, means for the caller of the port. */
export const explainedError = async (error: unknown, doing: Doing): Promise<unknown> => {
  if (error instanceof ZonesUnreachable) return error;
  if (error instanceof TooMuch) return garbled(doing, `it is ${error.message}`, error);
  const { name, message } = factsOf(error);
  const trouble = troubleOf(error);
  const service = serviceAt(doing.host);
  const { AWS_PROFILE: profile } = doing.env;
  // Checked first, because an SSO or STS server that does not answer appears as a credential error with a cause.
  if (CREDENTIALS.test(name)) return noCredentials(message, doing.env, error);
  if (isGarbled(error)) return garbled(doing, `status ${factsOf(error).status}: ${message.split("\n")[0]}`, error);
  const clocks = clocksOf(error);
  if (clocks) return clocksApart("dns.route53.clock", "AWS", clocks, error);
  if (isOutOfDate(error)) return outOfDate(service, message, error);
  if (trouble === "no-answer")
    return new ZonesUnreachable(`${service} did not answer ${doing.action}: ${message}`, error);
  if (trouble)
    return new ZonesUnreachable(`${service} kept refusing ${doing.action} for its limits: ${message}`, error);
  if (EXPIRED.test(name)) return credentials("The AWS credentials have expired.", message, signIn(profile), error);
  if (WRONG.test(name))
    return credentials(
      `AWS does not accept these credentials (asked at ${doing.host}).`,
      `${message}${elsewhere(name, doing.env)}`,
      signIn(profile),
      error,
    );
  if (denied(error)) return missingRight(message, doing, error);
  if (name === "InvalidChangeBatch") return invalidBatch(message, doing, error);
  if (factsOf(error).status === undefined) return error;
  return new UserError({
    id: "dns.route53.refused",
    what: `${service} refuses ${doing.action} for ${doing.about.name}: ${name}.`,
    why: message,
    remedy: { text: "See what Route 53 has there.", command: lookCommand(doing.about) },
    kind: "failed",
    cause: error,
  });
};

/** A clock that is wrong by weeks fails before any signature is looked at. */
const outOfDate = (service: string, why: string, cause: unknown): UserError =>
  new UserError({
    id: "dns.route53.clock",
    what: `${service} shows a certificate that is not valid by this machine's clock.`,
    why,
    remedy: clockRemedy(),
    kind: "input",
    cause,
  });

export const garbled = ({ action, host }: Pick<Doing, "action" | "host">, what: string, cause?: unknown): Garbled =>
  new Garbled(
    `What answered ${action}${host === "" ? "" : ` at ${host}`} is not Route 53, or it is broken (${what})`,
    cause,
  );

/** Credentials of another account are the usual reason. */
export const noZoneFor = (domain: string, host: string): UserError =>
  new UserError({
    id: "dns.no-zone",
    what: `${serviceAt(host)} has no zone for ${domain}.`,
    why: "The account of these credentials has no hosted zone of this name or of one above it.",
    remedy: {
      text: "Make a zone for it or for a name above it, or name the account that has one in AWS_PROFILE. What this account has:",
      command: sh`aws route53 list-hosted-zones`,
    },
    kind: "input",
  });

const CONFLICT = /conflict/;
const MOVED = /but it already exists|not found|do not match|exists? with the same name and type/;

/** Its sentences are joined by Route 53 in brackets: every one must be about something that was not as we read it. */
const invalidBatch = (message: string, { about }: Doing, cause: unknown): unknown => {
  const sentences = message.replace(/^\[|\]$/g, "").split(/, (?=Tried |RRSet |Invalid )/);
  if (sentences.every((sentence) => MOVED.test(sentence) && !CONFLICT.test(sentence)))
    return new ZoneMoved(`Route 53: ${message}`, cause);
  return new UserError({
    id: "dns.route53.batch",
    what: `Route 53 refuses the records for ${about.name}; nothing was written.`,
    why: message,
    remedy: {
      text: CONFLICT.test(message)
        ? "A name with a CNAME can have nothing else: remove what is there, or choose another domain."
        : "See what is at this name.",
      command: lookCommand(about),
    },
    kind: "failed",
    cause,
  });
};
