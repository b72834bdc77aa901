import type { AcmeIssuer } from "../certificates/cert-manager/issuer.ts";
import { type Dns01, route53From } from "../certificates/cert-manager/solver.ts";
import { issuers } from "../certificates/index.ts";
import type { Config } from "../config/config.ts";
import { externalAccount } from "./external-account.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** What the ClusterIssuer says: the CA by its directory, else Let's Encrypt, and the provider of --dns to prove the domain with. */
export const issuerFor = async (
  config: Config,
  { env, zoneId, acmeCa }: { readonly env: Env; readonly zoneId?: string; readonly acmeCa?: string },
): Promise<AcmeIssuer> => {
  const external = await externalAccount(env);
  return {
    directory: config.acmeDirectory ?? issuers.find(({ id }) => id === "letsencrypt")?.directory ?? "",
    domain: config.domain ?? "",
    dns: config.dns === "rfc2136" ? await rfc2136From(env) : route53From(env, zoneId),
    ...(config.acmeEmail ? { email: config.acmeEmail } : {}),
    ...(config.acmeProfile ? { profile: config.acmeProfile } : {}),
    ...(acmeCa ? { ca: acmeCa } : {}),
    ...(external ? { external } : {}),
  };
};

const rfc2136From = async (env: Env): Promise<Dns01> => {
  const { readSettings } = await import("../dns/rfc2136/settings.ts");
  const { host, port, key } = await readSettings(env);
  const { name, algorithm, secret } = key;
  return {
    provider: "rfc2136",
    nameserver: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
    key: { name, algorithm, secret: typeof secret === "string" ? secret : secret.toString("base64") },
  };
};
