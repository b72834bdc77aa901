import { challengeName } from "../../dns/challenge.ts";
import { iamPolicy } from "../../dns/iam-policy.ts";
import { manual } from "../../dns/manual/index.ts";
import { markerName } from "../../dns/ownership.ts";
import { UserError } from "../../ports/error.ts";
import type { Zone } from "../../ports/zones.ts";
import { openPublication } from "../../steps/publication.ts";
import { publishedNames } from "../../steps/records.ts";
import type { CommandContext } from "../context.ts";

/** Touches no cluster. Without credentials for AWS it needs the zone's id; the zone's name is in the DNS. */
export const run = async (ctx: CommandContext): Promise<number> => {
  const { config } = ctx;
  const domain = config.domain ?? "";
  const zone = await zoneFor(ctx, domain);
  const published = publishedNames({ config });
  const names = [...published, markerName(domain), ...published.map(challengeName)];
  ctx.stdout(`${JSON.stringify(iamPolicy({ zoneId: zone.id, zoneName: zone.name, names }), null, 2)}\n`);
  return 0;
};

const zoneFor = async (
  { config, env, signal, adapters, stdinIsTTY }: CommandContext,
  domain: string,
): Promise<Zone> => {
  const { dnsResolver, dnsZoneId } = config;
  const resolver = await adapters.createResolver(dnsResolver ? { server: dnsResolver } : {});
  const options = { env, signal, resolver, interactive: stdinIsTTY, onTrouble: () => {} };
  if (dnsZoneId === undefined) {
    const publication = await openPublication(config, options).catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error;
      throw new UserError({
        id: error.id,
        what: error.message,
        why: "The policy names the hosted zone, which is asked for at AWS.",
        remedy: {
          text: "Or give its id, then nobody at AWS is asked:",
          command: `kn-bootstrap iam-policy --domain ${domain} --dns-zone-id Z…`,
        },
        exitCode: error.exitCode,
      });
    });
    publication?.close();
    if (publication) return publication.zone;
  }
  const [zone] = await (await manual.open(options)).find(domain);
  return { id: dnsZoneId ?? "", name: zone?.name ?? domain, isPrivate: false, nameServers: [] };
};
