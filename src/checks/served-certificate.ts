import { inspect, type TlsSecret } from "../certificates/secret.ts";
import { type Finding, ok, skipped, warn } from "../core/check.ts";
import type { ObjectRef } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";
import { type Found, findInstallation } from "./found.ts";
import { type HealthContext, healthCheck } from "./health-check.ts";
import { SERVED_BY, servedNow } from "./served.ts";

const NONE = "the gateway has no certificate for all names";

export type Served = { readonly secret: ObjectRef; readonly certificate: TlsSecret; readonly found: Found };

export const withCertificate =
  (judge: (served: Served, ctx: HealthContext) => Finding | Promise<Finding>) =>
  async (ctx: HealthContext): Promise<Finding> => {
    const found = await findInstallation(ctx.cluster);
    const secret = await servedNow(ctx.cluster, found);
    const certificate = secret && inspect(await ctx.cluster.get(secret));
    // That it is missing or broken is another check's to say.
    return secret && certificate ? judge({ secret, certificate, found }, ctx) : skipped(NONE);
  };

/** In the issuer's name of every certificate from Let's Encrypt's staging environment. */
const STAGING = /\(STAGING\)/;
export const isOfStaging = (issuer: string): boolean => STAGING.test(issuer);

/** The way from a certificate for trying out to one that browsers trust. */
export const TAKE_THE_REAL_ONE = sh`kn-bootstrap install --tls letsencrypt`;

export const certificateReal = healthCheck({
  id: "certificate.trusted-issuer",
  title: "The gateway's certificate is none for trying out",
  needs: ["certificate.usable"],
  reads: [...SERVED_BY, "Secret"],
  meaning: "It comes from Let's Encrypt's staging environment, which no browser trusts.",
  todo: "Install with `--tls letsencrypt` once all works.",
  run: withCertificate(({ secret, certificate: { issuer } }) =>
    isOfStaging(issuer)
      ? warn(
          "the certificate comes from Let's Encrypt's staging environment, which no browser trusts",
          { text: "Take the real one.", command: TAKE_THE_REAL_ONE },
          { evidence: [{ object: secret, field: "issuer", observed: issuer }] },
        )
      : ok("from no staging environment"),
  ),
});
