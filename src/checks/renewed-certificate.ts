import { directoryOf } from "../certificates/index.ts";
import { daysLeft, type TlsSecret } from "../certificates/secret.ts";
import { fail, ok, warn } from "../core/check.ts";
import { AuthorityError, AuthorityUnreachable } from "../ports/authority.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { type HealthContext, healthCheck, type Order } from "./health-check.ts";
import { orderIn } from "./order.ts";
import { SERVED_BY } from "./served.ts";
import { withCertificate } from "./served-certificate.ts";

/** The window in which the CA wants it replaced (RFC 9773): of whoever's order, where the CA is known. Undefined: nobody says. */
const windowOf = async (ctx: HealthContext, { issuer, chain: [leaf] }: TlsSecret) => {
  const isPublic = /\bO=Let's Encrypt\b/.test(issuer);
  const known = isPublic ? directoryOf({ tls: "letsencrypt" }) : undefined;
  const order: Pick<Order, "directory" | "root"> | undefined =
    (await orderIn(ctx)) ?? (known ? { directory: known } : undefined);
  if (!order || leaf === undefined) return undefined;
  const { directory, root } = order;
  try {
    const authority = await ctx.createAuthority?.({ directory, ...(root ? { ca: root } : {}) });
    return await authority?.renewalInfo(leaf, ctx.signal);
  } catch (error) {
    // That the CA does not answer is another check's to say; then the dates count.
    if (error instanceof AuthorityError || error instanceof AuthorityUnreachable) return undefined;
    throw error;
  }
};

const minute = (date: Date): string => `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;

export const certificateRenewed = healthCheck({
  id: "certificate.renewed",
  title: "The gateway's certificate was renewed in time",
  needs: ["certificate.current"],
  symptomOf: ["renew.cronjob", "cluster.clock"],
  reads: [...SERVED_BY, "Secret", "authority"],
  meaning:
    "Renewal comes when the CA asks for it (RFC 9773), else at two thirds of a certificate's life. The CA's window has passed, or less than a third is left, so that what renews it has not worked; with a sixth left it is urgent.",
  todo: "Run `kn-bootstrap renew --check`, which says what stands in the way; see in `kn-bootstrap status` who renews it.",
  threads: ["linkerd/linkerd2#9612", "acmesh-official/acme.sh#6633", "traefik/traefik#12462"],
  run: withCertificate(async ({ secret, certificate, found }, ctx) => {
    const { notBefore, notAfter } = certificate;
    const now = ctx.now();
    const left = (notAfter.getTime() - now.getTime()) / (notAfter.getTime() - notBefore.getTime());
    const window = await windowOf(ctx, certificate);
    const isPast = window !== undefined && window.end > notBefore && now >= window.end;
    const days = daysLeft(certificate, now);
    const until = `until ${notAfter.toISOString().slice(0, 10)}`;
    const seen = {
      facts: { notAfter: notAfter.toISOString(), daysLeft: days },
      evidence: [
        { object: secret, field: "notAfter", observed: notAfter.toISOString() },
        ...(window ? [{ field: "the CA's window", expected: `${minute(window.start)} to ${minute(window.end)}` }] : []),
      ],
    };
    if (left >= 1 / 3 && !isPast) return ok(until, seen);
    const remedy = found.tls
      ? { text: "See what stands in the way.", command: sh`kn-bootstrap renew --check` }
      : {
          text: "See who renews it.",
          command: sh`kubectl describe secret ${secret.name} ${inNamespace(secret.namespace)}`,
        };
    const why =
      isPast && window
        ? `: the CA has asked for it until ${minute(window.end)}${window.explanation ? `, see ${window.explanation}` : ""}`
        : "";
    const summary = `the certificate lasts ${until}, ${days} days more, and should have been renewed${why}`;
    return left < 1 / 6 || isPast ? fail(summary, remedy, seen) : warn(summary, remedy, seen);
  }),
});
