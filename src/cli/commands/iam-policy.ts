import { patientlyAsked } from "../../app/patient-resolver.ts";
import { namingOf } from "../../config/naming.ts";
import { policyFor } from "../../dns/route53/policy-for.ts";
import { visibleData } from "../../ports/visible.ts";
import { openPublication } from "../../steps/records/publication.ts";
import type { CommandContext } from "../context.ts";

/** Touches no cluster. */
export const run = async ({
  config,
  env,
  signal,
  adapters,
  stdinIsTTY,
  emit,
  stdout,
}: CommandContext): Promise<number> => {
  const { domain = "", dnsResolver, dnsZoneId } = config;
  const { published, wildcards } = namingOf(config, domain);
  const asked = await adapters.createResolver(dnsResolver ? { server: dnsResolver } : {});
  const resolver = patientlyAsked(asked, config, emit);
  const options = { env, signal, resolver, interactive: stdinIsTTY, onTrouble: () => {} };
  const policy = await policyFor(
    {
      domain,
      zoneId: dnsZoneId,
      published,
      certified: wildcards,
      open: () => openPublication(config, options),
    },
    options,
  );
  stdout(`${JSON.stringify(visibleData(policy), null, 2)}\n`);
  return 0;
};
