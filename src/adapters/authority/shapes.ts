import type * as acme from "acme-client";
import type { AcmeProblem, Authorization, DirectoryInfo, Order } from "../../ports/authority.ts";
import { textAt } from "../../ports/object.ts";
import { isHttps, isName } from "./broken.ts";
import { acmeProblemIn } from "./problem.ts";

/** From the CA's JSON to the port's types. */

type Fields = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};

const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

/** Whether a body is a directory (RFC 8555 §7.1.1) rather than somebody's web page. */
export const isDirectory = (body: string): boolean => {
  const links = fields(parsed(body));
  return ["newNonce", "newAccount", "newOrder"].every((name) => typeof links[name] === "string");
};

export const infoOf = (directory: unknown): DirectoryInfo => {
  const meta = fields(fields(directory).meta);
  const profiles = Object.entries(fields(meta.profiles)).map(([name, what]) => [name, textAt(what)]);
  return {
    ...(typeof meta.termsOfService === "string" ? { termsOfService: meta.termsOfService } : {}),
    caaIdentities: Array.isArray(meta.caaIdentities) ? meta.caaIdentities.filter(isName) : [],
    externalAccountRequired: meta.externalAccountRequired === true,
    profiles: Object.fromEntries(profiles),
    hasRenewalInfo: isHttps(fields(directory).renewalInfo),
  };
};

const problemIn = (error: unknown): { readonly problem?: AcmeProblem } => {
  const problem = acmeProblemIn(error);
  return problem ? { problem } : {};
};

const dateIn = (expires: unknown): { readonly expires?: Date } => {
  const date = new Date(textAt(expires));
  return Number.isNaN(date.getTime()) ? {} : { expires: date };
};

export const orderOf = (order: acme.Order): Order => ({
  url: order.url,
  status: order.status,
  ...dateIn(order.expires),
  names: order.identifiers.map(({ value }) => value),
  ...problemIn(order.error),
});

export const authorizationOf = (
  authorization: acme.Authorization,
  challenge: { readonly url: string; readonly status: string; readonly error?: object } | undefined,
  txt: string | undefined,
): Authorization => ({
  url: authorization.url,
  name: authorization.identifier.value,
  wildcard: authorization.wildcard === true,
  status: authorization.status,
  ...(challenge && txt !== undefined
    ? {
        challenge: {
          url: challenge.url,
          status: challenge.status as NonNullable<Authorization["challenge"]>["status"],
          txt,
          ...problemIn(challenge.error),
        },
      }
    : {}),
});

/** `suggestedWindow` (RFC 9773 §4.2). Undefined: there is none that could be used. */
export const windowOf = (body: string): { start: Date; end: Date; explanation?: string } | undefined => {
  const info = fields(parsed(body));
  const window = fields(info.suggestedWindow);
  const [start, end] = [new Date(textAt(window.start)), new Date(textAt(window.end))];
  if (Number.isNaN(start.getTime()) || Number.isNaN(end.getTime()) || end <= start) return undefined;
  return { start, end, ...(isHttps(info.explanationURL) ? { explanation: info.explanationURL } : {}) };
};
