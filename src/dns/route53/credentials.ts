import type { Route53 } from "@aws-sdk/client-route-53";
import { ZonesUnreachable } from "../../ports/zones.ts";

type Provider = Route53["config"]["credentials"];
type Credentials = Awaited<ReturnType<Provider>>;

/**
 * What hands out credentials (STS, SSO, ECS, the instance's metadata) is a server like others: it may answer with a login page, with half of what is needed,
 * or with nothing for ever. What the SDK makes of that is told as what it is, by the name of its own error.
 */
class BrokenCredentials extends Error {
  override readonly name = "CredentialsProviderError";
  constructor(why: string, cause?: unknown) {
    super(`What hands out the credentials answered with what cannot be used: ${why}`, { cause });
  }
}

/** All of it together; the SDK's own limits are for the silence between two bytes. */
const LONGEST_MS = 60_000;
/** Errors without a word of AWS in them: of a parser, or of Node about what it was given. */
const GENERIC = /^(Error|TypeError|RangeError|SyntaxError|Unknown|UnknownError)$/;
/** As a header takes it (RFC 9110 §5.5). */
const SENDABLE = /^[\x21-\x7e]{1,16384}$/;

const isGarbled = (error: unknown): error is Error =>
  error instanceof Error &&
  GENERIC.test(error.name) &&
  // Error codes of connections.
  !("code" in error && /^E[A-Z]+$/.test(String(error.code)));

/** Of a connection, as Node tells it; STS and SSO are asked by clients of their own, whose errors come through as they are. */
const isSilent = (error: unknown): error is Error =>
  error instanceof Error &&
  (error.name === "TimeoutError" || ("code" in error && /^E[A-Z]+$/.test(String(error.code))));

/** It is not Route 53 that did not answer. */
const silent = (error: Error): ZonesUnreachable =>
  new ZonesUnreachable(
    `What hands out the AWS credentials (STS, SSO, a metadata service) did not answer: ${error.message}`,
    error,
  );

const checked = (found: Credentials): Credentials => {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = found;
  for (const [what, text] of Object.entries({ accessKeyId, secretAccessKey, sessionToken: sessionToken ?? "none" }))
    if (typeof text !== "string" || !SENDABLE.test(text)) throw new BrokenCredentials(`its ${what} is none`);
  if (expiration && Number.isNaN(expiration.getTime())) throw new BrokenCredentials("its expiration is no date");
  return found;
};

/** The same credentials, or an error that says who is to blame. */
export const judged =
  (provider: Provider): Provider =>
  async (...given) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new BrokenCredentials(`nothing whole within ${LONGEST_MS / 1000} s`)),
        LONGEST_MS,
      );
    });
    try {
      return checked(await Promise.race([provider(...given), late]));
    } catch (error) {
      if (isGarbled(error)) throw new BrokenCredentials(error.message.split("\n")[0] ?? "", error);
      throw isSilent(error) ? silent(error) : error;
    } finally {
      clearTimeout(timer);
    }
  };
