import { isBrought } from "../certificates/index.ts";
import { createNaming } from "../config/naming.ts";
import { skipped } from "../core/check.ts";
import { HOME } from "../kube/home.ts";
import { FOUND_BY, findInstallation } from "./found.ts";
import { healthCheck } from "./health-check.ts";

export const certificateProvided = healthCheck({
  id: "certificate.provided",
  title: "The certificate that was brought is fit for the URLs",
  needs: ["certificate.usable"],
  reads: [...FOUND_BY, "Secret"],
  meaning:
    "Browsers refuse the certificate, or a part of the URLs with it; or it ends soon, and nobody here renews it.",
  todo: "Have its owner put another one into the Secret that `--tls-secret` names, then run `kn-bootstrap install`.",
  run: async ({ cluster, now }) => {
    const { tls, secret, template, choices, domains } = await findInstallation(cluster);
    if (!secret || tls === undefined || !isBrought({ tls })) return skipped("no certificate was brought");
    const { judgeProvided } = await import("../certificates/provided.ts");
    const [domain] = domains;
    const chosen = Array.isArray(choices.namespaces) ? choices.namespaces.map(String) : [];
    const names =
      domain === undefined
        ? []
        : createNaming({ template, domain, namespaces: [...chosen, HOME], isHttps: true }).wildcards;
    return judgeProvided(secret, await cluster.get(secret), names, now());
  },
});
