import { UserError } from "../ports/error.ts";

/** External account binding (RFC 8555 §7.3.4) comes by environment only: its key is a secret. Throws UserError (exit 2) for half of it. */
export const externalAccount = (
  env: Readonly<Record<string, string | undefined>>,
): { readonly kid: string; readonly hmacKey: string } | undefined => {
  const { ACME_EAB_KID: kid, ACME_EAB_HMAC_KEY: hmacKey } = env;
  if (kid && hmacKey) return { kid, hmacKey };
  if (!kid && !hmacKey) return undefined;
  throw new UserError({
    id: "acme.external-account",
    what: `${kid ? "ACME_EAB_HMAC_KEY" : "ACME_EAB_KID"} is not set, and ${kid ? "ACME_EAB_KID" : "ACME_EAB_HMAC_KEY"} is.`,
    why: "External account binding takes both.",
    remedy: "Set both as the CA gave them to you.",
    exitCode: 2,
  });
};
