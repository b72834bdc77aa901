import { covers } from "../certificates/names.ts";
import { inspect, type TlsSecret } from "../certificates/secret.ts";
import { type Finding, fail, ok, skipped, warn } from "../core/check.ts";
import { few } from "../ports/few.ts";
import { type ObjectRef, refOf, textAt } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";
import { type Found, findInstallation } from "./found.ts";
import { type HealthContext, healthCheck } from "./health-check.ts";
import { SERVED_BY, servedNow } from "./served.ts";
import { knativeServices } from "./services.ts";

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

export const hostsCovered = healthCheck({
  id: "certificate.covers",
  title: "The gateway's certificate is for the host of every Service",
  needs: ["certificate.usable"],
  reads: [...SERVED_BY, "Secret", "Service.serving.knative.dev"],
  meaning:
    "Browsers refuse the Service with NET::ERR_CERT_COMMON_NAME_INVALID while http works: a wildcard stands for one label, and the host has more, or another domain.",
  todo: "Use the flat template `{{.Name}}-{{.Namespace}}.{{.Domain}}`, or a wildcard for each namespace: `kn-bootstrap install --domain-template flat`.",
  threads: ["knative/serving#15014", "knative/serving#12828", "knative/serving#4058", "knative/serving#12182"],
  run: withCertificate(async ({ secret, certificate: { names } }, ctx) => {
    const services = (await knativeServices(ctx)).flatMap((service) => {
      const url = textAt(service, "status", "url");
      const host = url.startsWith("https://") ? url.slice("https://".length) : "";
      return host === "" ? [] : [{ service, host }];
    });
    const bare = services.filter(({ host }) => !covers(names, host));
    if (bare.length === 0) return ok(`${services.length} hosts under ${few(names)}`, { facts: { names } });
    return fail(
      `the certificate is for ${few(names)}, and not for ${few(bare.map(({ host }) => host))}`,
      {
        text: "Make the hosts fit the certificate, or the certificate the hosts.",
        command: sh`kn-bootstrap install --domain-template flat`,
      },
      {
        facts: { names },
        evidence: [
          { object: secret, field: "names", observed: names },
          ...bare.map(({ service, host }) => ({ object: refOf(service), field: ".status.url", observed: host })),
        ],
      },
    );
  }),
});

/** In the issuer's name of every certificate from Let's Encrypt's staging environment. */
const STAGING = /\(STAGING\)/;

export const certificateReal = healthCheck({
  id: "certificate.trusted-issuer",
  title: "The gateway's certificate is none for trying out",
  needs: ["certificate.usable"],
  reads: [...SERVED_BY, "Secret"],
  meaning: "It comes from Let's Encrypt's staging environment, which no browser trusts.",
  todo: "Install with `--tls letsencrypt` once all works.",
  run: withCertificate(({ secret, certificate: { issuer } }) =>
    STAGING.test(issuer)
      ? warn(
          "the certificate comes from Let's Encrypt's staging environment, which no browser trusts",
          { text: "Take the real one.", command: sh`kn-bootstrap install --tls letsencrypt` },
          { evidence: [{ object: secret, field: "issuer", observed: issuer }] },
        )
      : ok("from no staging environment"),
  ),
});
