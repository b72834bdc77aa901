import { isBrought } from "../certificates/index.ts";
import { daysLeft, inspect } from "../certificates/secret.ts";
import { type Check, fail, ok, skipped } from "../core/check.ts";
import { few } from "../ports/few.ts";
import type { ObjectRef } from "../ports/object.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { FOUND_BY, findInstallation } from "./found.ts";
import { healthCheck } from "./health-check.ts";

const NONE = "no certificate of the gateway was chosen here";

/** The certificate in this Secret can be served at all. */
export const certificateUsable = (secret: ObjectRef): Check => ({
  id: "certificate.usable",
  title: "The certificate's key and chain match",
  run: async (ctx) => {
    const found = inspect(await ctx.cluster.get(secret));
    const remedy = {
      text: "Delete it and run install again.",
      command: sh`kubectl delete secret ${secret.name} ${inNamespace(secret.namespace)}`,
    };
    const wrong = (field: string) => ({ evidence: [{ object: secret, field }] });
    if (!found)
      return fail(`Secret ${secret.namespace}/${secret.name} holds no certificate`, remedy, wrong('.data["tls.crt"]'));
    if (!found.keyMatches || !found.chainMatches)
      return fail(
        "the certificate's key or chain does not match",
        remedy,
        wrong(found.keyMatches ? '.data["tls.crt"]' : '.data["tls.key"]'),
      );
    const { names, notAfter } = found;
    return ok(`${few(names)} until ${notAfter.toISOString().slice(0, 10)}`, {
      facts: { names, notAfter: notAfter.toISOString(), daysLeft: daysLeft(found, ctx.now()) },
    });
  },
});

export const gatewayCertificateUsable = healthCheck({
  id: "certificate.usable",
  title: "The certificate's key and chain match",
  needs: ["knative.installed"],
  reads: [...FOUND_BY, "Secret"],
  meaning: "The gateway cannot serve the certificate, or browsers refuse it.",
  todo: "Run `kn-bootstrap install` again, which makes it anew; one that was brought has to be replaced by its owner.",
  run: async (ctx, memory) => {
    const { secret } = await findInstallation(ctx.cluster);
    return secret ? certificateUsable(secret).run(ctx, memory) : skipped(NONE);
  },
});

export const gatewayCertificateCurrent = healthCheck({
  id: "certificate.current",
  title: "The certificate has not expired",
  needs: ["certificate.usable"],
  reads: [...FOUND_BY, "Secret"],
  meaning: "Browsers refuse the certificate since its last day.",
  todo: "Run `kn-bootstrap renew`, and see in `kn-bootstrap status` who renews it; one that was brought has to be replaced by its owner.",
  run: async (ctx) => {
    const { secret, tls } = await findInstallation(ctx.cluster);
    const found = secret && inspect(await ctx.cluster.get(secret));
    if (!secret || !found) return skipped(NONE);
    const until = found.notAfter.toISOString().slice(0, 10);
    if (ctx.now() < found.notAfter) return ok(`until ${until}`);
    return fail(
      `the certificate in Secret ${secret.namespace}/${secret.name} expired on ${until}`,
      tls !== undefined && isBrought({ tls })
        ? { text: "Bring a new one, then run install again.", command: sh`kn-bootstrap install` }
        : { text: "Renew it.", command: sh`kn-bootstrap renew` },
    );
  },
});
