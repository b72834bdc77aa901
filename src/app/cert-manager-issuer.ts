import type { AcmeIssuer } from "../certificates/cert-manager/issuer.ts";
import { strategyOf } from "../certificates/index.ts";
import type { Config } from "../config/config.ts";
import { dnsProvider } from "../dns/index.ts";
import { type Learn, learnNothing } from "../ports/secrets.ts";
import { externalAccount } from "./external-account.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** What the ClusterIssuer says: the CA by its directory, else Let's Encrypt, and the provider of --dns to prove the domain with. */
export const issuerFor = async (
  config: Config,
  {
    env,
    zoneId,
    acmeCa,
    learn = learnNothing,
  }: { readonly env: Env; readonly zoneId?: string; readonly acmeCa?: string; readonly learn?: Learn },
): Promise<AcmeIssuer> => {
  const [external, dns] = await Promise.all([
    externalAccount(env, learn),
    dnsProvider(config.dns)?.solver?.(env, zoneId),
  ]);
  learn(...Object.values(dns?.keys ?? {}));
  if (!dns)
    throw new Error(`cert-manager has no solver for --dns ${config.dns}, and config.cert-manager-dns lets it pass`);
  return {
    directory: config.acmeDirectory ?? strategyOf(config.tls).controller?.directory ?? "",
    domain: config.domain ?? "",
    dns,
    ...(config.acmeEmail ? { email: config.acmeEmail } : {}),
    ...(config.acmeProfile ? { profile: config.acmeProfile } : {}),
    ...(acmeCa ? { ca: acmeCa } : {}),
    ...(external ? { external } : {}),
  };
};
