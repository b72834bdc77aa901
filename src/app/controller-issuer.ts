import type { ControllerIssuer } from "../certificates/controller.ts";
import { strategyOf } from "../certificates/index.ts";
import type { Config } from "../config/config.ts";
import { dnsProvider } from "../dns/index.ts";
import { type Learn, learnNothing } from "../ports/secrets.ts";
import { externalAccount } from "./external-account.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** What a controller is told: the CA by its directory, and the provider of --dns to prove the domain with. Undefined: there is none to tell. */
export const issuerFor = async (
  config: Config,
  {
    env,
    zoneId,
    acmeCa,
    learn = learnNothing,
  }: { readonly env: Env; readonly zoneId?: string; readonly acmeCa?: string; readonly learn?: Learn },
): Promise<ControllerIssuer | undefined> => {
  const { controller } = strategyOf(config.tls);
  if (!controller) return undefined;
  const [external, dns] = await Promise.all([
    externalAccount(env, learn),
    dnsProvider(config.dns)?.solver?.(env, zoneId),
  ]);
  learn(...Object.values(dns?.keys ?? {}));
  if (!dns)
    throw new Error(`${config.tls} has no solver for --dns ${config.dns}, and ${controller.rule.id} lets it pass`);
  return {
    directory: config.acmeDirectory ?? controller.directory,
    domain: config.domain ?? "",
    dns,
    ...(config.acmeEmail ? { email: config.acmeEmail } : {}),
    ...(config.acmeProfile ? { profile: config.acmeProfile } : {}),
    ...(acmeCa ? { ca: acmeCa } : {}),
    ...(external ? { external } : {}),
  };
};
