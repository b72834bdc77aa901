import type { ExternalAccount } from "../ports/authority.ts";
import { textOf } from "../ports/bounded.ts";
import { messageOf, UserError } from "../ports/error.ts";
import { type Learn, learnNothing } from "../ports/secrets.ts";
import { sh } from "../ports/shell.ts";
import { assertSendable } from "../ports/variables.ts";

const wrong = (what: string, why: string): UserError =>
  new UserError({
    id: "acme.external-account",
    what,
    why,
    remedy: {
      text: "Set both as the CA gave them to you:",
      command: sh`export ACME_EAB_KID=… ACME_EAB_HMAC_KEY=…   # or ACME_EAB_HMAC_KEY_FILE=path`,
    },
    kind: "input",
  });

/**
 * External account binding (RFC 8555 §7.3.4) comes by environment only, its key also from a file: it is a secret. Undefined: none is set.
 * Throws UserError (exit 2) for half of it and for a file that cannot be read.
 */
export const externalAccount = async (
  env: Readonly<Record<string, string | undefined>>,
  learn: Learn = learnNothing,
): Promise<ExternalAccount | undefined> => {
  const { ACME_EAB_KID: kid, ACME_EAB_HMAC_KEY: given, ACME_EAB_HMAC_KEY_FILE: path } = env;
  if (given && path) throw wrong("ACME_EAB_HMAC_KEY and ACME_EAB_HMAC_KEY_FILE are both set.", "They may differ.");
  assertSendable(env, ["ACME_EAB_KID"]);
  const hmacKey = path ? await read(path) : given?.trim();
  learn(hmacKey);
  // Base64url, as RFC 8555 §7.3.4 has it; some CAs print base64. acme-client drops every other character and signs with another key.
  if (hmacKey && !/^[\w+/-]+={0,2}$/.test(hmacKey))
    throw wrong(
      `${path ? "ACME_EAB_HMAC_KEY_FILE holds" : "ACME_EAB_HMAC_KEY is"} no key in base64url.`,
      "It has letters, digits, - and _ alone, on one line.",
    );
  if (kid && hmacKey) return { kid, hmacKey };
  if (!kid && !hmacKey) return undefined;
  throw wrong(
    `${kid ? "ACME_EAB_HMAC_KEY" : "ACME_EAB_KID"} is not set.`,
    "External account binding takes the key's identifier and the key.",
  );
};

const read = async (path: string): Promise<string> => {
  const text = await textOf(path).catch((error: unknown) => {
    throw wrong(`ACME_EAB_HMAC_KEY_FILE cannot be read: ${messageOf(error)}.`, "It should hold the key alone.");
  });
  return text.trim();
};
