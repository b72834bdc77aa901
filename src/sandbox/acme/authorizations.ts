/** Authorizations and their challenges (RFC 8555 §7.1.4, §7.5): DNS-01 is validated, HTTP-01 is offered and always fails. */

import { createHash } from "node:crypto";
import { fieldsOf } from "./authenticate.ts";
import { checkCaa } from "./caa.ts";
import type { Call, Reply } from "./call.ts";
import { checkTxt } from "./dns-01.ts";
import {
  type Account,
  type Authorization,
  accountUrl,
  type Challenge,
  dateText,
  hoursFrom,
  newId,
  type Office,
  retryAfter,
  shuffled,
} from "./office.ts";
import { malformed, notFound, Problem, unauthorized } from "./problem.ts";

const PENDING_HOURS = 7 * 24;
const VALID_HOURS = 30 * 24;

export const authorizationStatus = (office: Office, { status, expires }: Authorization): string => {
  if (expires > office.now() || (status !== "pending" && status !== "valid")) return status;
  // RFC 8555 §7.1.6: what was pending has become invalid, what was valid has expired.
  return status === "pending" ? "invalid" : "expired";
};

/** For one name of an order: one that the account has already proved if that is allowed, else a new one. */
export const authorize = (office: Office, account: Account, identifier: string): Authorization => {
  const wildcard = identifier.startsWith("*.");
  const name = wildcard ? identifier.slice(2) : identifier;
  const proved = [...office.authorizations.values()].find(
    (other) =>
      office.options.reuseAuthorizations &&
      other.account === account &&
      other.name === name &&
      other.wildcard === wildcard &&
      authorizationStatus(office, other) === "valid",
  );
  if (proved) return proved;
  const types: readonly Challenge["type"][] = wildcard ? ["dns-01"] : ["dns-01", "http-01"];
  const authorization: Authorization = {
    id: newId(),
    account,
    name,
    wildcard,
    status: "pending",
    expires: hoursFrom(office.now(), PENDING_HOURS),
    challenges: types.map((type) => ({ id: newId(), type, token: newId(), status: "pending" })),
  };
  office.authorizations.set(authorization.id, authorization);
  return authorization;
};

const describeChallenge = (office: Office, challenge: Challenge) => ({
  type: challenge.type,
  url: `${office.base}/challenge/${challenge.id}`,
  token: challenge.token,
  status: challenge.status,
  ...(challenge.validated ? { validated: dateText(challenge.validated) } : {}),
  ...(challenge.error ? { error: challenge.error } : {}),
});

const describe = (office: Office, authorization: Authorization): Reply => {
  const { challenges, expires, name, wildcard } = authorization;
  const decided = challenges.filter(({ status }) => status === "valid" || status === "invalid");
  const busy = challenges.some(({ status }) => status === "processing");
  return {
    status: 200,
    headers: busy ? retryAfter(office.faults().validationMs) : {},
    body: {
      status: authorizationStatus(office, authorization),
      expires: dateText(expires),
      identifier: { type: "dns", value: name },
      ...(wildcard ? { wildcard } : {}),
      challenges: shuffled(office, authorization.status === "pending" ? challenges : decided).map((challenge) =>
        describeChallenge(office, challenge),
      ),
    },
  };
};

/** Looking, and deactivating (RFC 8555 §7.5.2). */
export const authorization = (office: Office, { post, owner, id }: Call): Reply => {
  const found = office.authorizations.get(id);
  if (!found) throw notFound("authorization");
  if (found.account !== owner) throw unauthorized("Account does not own authorization");
  if (post.payload !== "") {
    const { status } = fieldsOf(post);
    if (status !== "deactivated")
      throw malformed(`Malformed authorization update, status must be "deactivated" not "${status}"`);
    found.status = "deactivated";
  }
  return describe(office, found);
};

/** Looking, and asking for validation (RFC 8555 §7.5.1), which goes on after the answer. */
export const challenge = (office: Office, { post, owner, id }: Call): Reply => {
  const [found, authorization] = findChallenge(office, id);
  if (authorization.account !== owner)
    throw unauthorized("Account authenticating request is not the owner of the challenge");
  const headers = { link: `<${office.base}/authorization/${authorization.id}>;rel="up"` };
  if (post.payload === "") return { status: 200, headers, body: describeChallenge(office, found) };
  if (post.payload !== "{}") throw malformed('challenge initiation POST JWS body was not "{}"');
  if (found.status !== "pending")
    throw malformed(`Cannot update challenge with status ${found.status}, only status pending`);
  if (authorizationStatus(office, authorization) !== "pending")
    throw malformed(
      `Cannot update challenge of an authorization that is ${authorizationStatus(office, authorization)}`,
    );
  found.status = "processing";
  office.later(office.faults().validationMs ?? 0, async () => {
    const problem = await validate(office, found, authorization).catch((error: unknown) => {
      if (error instanceof Problem) return error;
      throw error;
    });
    decide(office, found, authorization, problem);
  });
  return { status: 200, headers, body: describeChallenge(office, found) };
};

const findChallenge = (office: Office, id: string): readonly [Challenge, Authorization] => {
  for (const authorization of office.authorizations.values()) {
    const found = authorization.challenges.find((each) => each.id === id);
    if (found) return [found, authorization];
  }
  throw notFound("challenge");
};

const validate = async (
  office: Office,
  { type, token }: Challenge,
  authorization: Authorization,
): Promise<undefined> => {
  const { account, name, wildcard } = authorization;
  if (type === "http-01") throw new Problem("unauthorized", "HTTP-01 is not validated in a rehearsal");
  const expected = createHash("sha256").update(`${token}.${account.key.thumbprint}`).digest("base64url");
  const sight = { resolver: office.options.resolver, lookup: office.faults().lookup };
  await checkTxt(sight, `_acme-challenge.${name}`, expected);
  await checkCaa(sight, name, {
    wildcard,
    identities: office.caaIdentities,
    account: accountUrl(office, account),
    method: type,
  });
};

const decide = (
  office: Office,
  challenge: Challenge,
  authorization: Authorization,
  problem: Problem | undefined,
): void => {
  if (authorization.status !== "pending") return;
  challenge.validated = office.now();
  challenge.status = problem ? "invalid" : "valid";
  authorization.status = challenge.status;
  if (problem) {
    challenge.error = problem.document;
    office.buckets.take(
      office.options.limits?.failedValidations,
      `failures ${authorization.account.id} ${authorization.name}`,
    );
  } else authorization.expires = hoursFrom(office.now(), office.options.authorizationHours ?? VALID_HOURS);
};
