/** Revoking a certificate (RFC 8555 §7.6), by the account that ordered it or by the certificate's own key. */

import { fieldsOf, type Post } from "./authenticate.ts";
import type { Reply } from "./call.ts";
import { fromBase64url } from "./jws.ts";
import type { Office } from "./office.ts";
import { malformed, Problem, unauthorized } from "./problem.ts";
import { derOf, pastWindow } from "./renewal.ts";

const KEY_COMPROMISE = 1;
/** RFC 5280 §5.3.1; what Let's Encrypt lets a subscriber say. */
const REASONS: readonly unknown[] = [undefined, 0, KEY_COMPROMISE, 3, 4, 5];

export const revoke = (office: Office, post: Post): Reply => {
  const { certificate: text, reason } = fieldsOf(post);
  const der = fromBase64url(text);
  if (!der) throw malformed("Error decoding Base64url-encoded DER");
  if (!REASONS.includes(reason)) throw new Problem("badRevocationReason", `Invalid revocation reason: ${reason}`);
  const certificate = office.certificates.find(({ pem }) => derOf(pem).equals(der));
  if (!certificate) throw malformed("Unable to find specified certificate.", 404);
  const mine = post.account
    ? certificate.order.account === post.account
    : certificate.thumbprint === post.key.thumbprint;
  if (!mine) throw unauthorized("The certificate being revoked is not associated with the key that signed the request");
  if (certificate.revoked) throw new Problem("alreadyRevoked", "Certificate has already been revoked.");
  certificate.revoked = true;
  certificate.window = pastWindow(office.now());
  return { status: 200 };
};
