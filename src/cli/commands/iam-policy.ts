import { randomBytes } from "node:crypto";
import { told } from "../../core/outside.ts";
import { authoritativeServers } from "../../dns/delegation.ts";
import { iamPolicy } from "../../dns/iam-policy.ts";
import { manual } from "../../dns/manual/index.ts";
import { markerName } from "../../dns/ownership.ts";
import { createPlaces, type Places } from "../../dns/place.ts";
import { partitionOf } from "../../dns/route53/partition.ts";
import { UserError } from "../../ports/error.ts";
import { joined, sh } from "../../ports/shell.ts";
import { visibleData } from "../../ports/visible.ts";
import type { Zone } from "../../ports/zones.ts";
import { wildcardNames } from "../../steps/gateway-certificate/index.ts";
import { publishedNames } from "../../steps/records/index.ts";
import { openPublication } from "../../steps/records/publication.ts";
import type { CommandContext } from "../context.ts";
import { patientlyAsked } from "../patient-resolver.ts";

/** Touches no cluster. Without credentials for AWS it needs the zone's id; the zone's name is in the DNS. */
export const run = async (ctx: CommandContext): Promise<number> => {
  const { config } = ctx;
  const domain = config.domain ?? "";
  const { places, close } = await lookUp(ctx, domain);
  try {
    const published = publishedNames({ config });
    const [records, challenges] = await Promise.all([
      Promise.all([...published, markerName(domain)].map(places.record)),
      Promise.all(wildcardNames({ config }, domain).map(places.challenge)),
    ]);
    const zones = [...Map.groupBy([...records, ...challenges], ({ zone }) => zone.id).values()].flatMap((same) => {
      const [first] = same;
      if (!first) return [];
      const isOnlyAsked = !records.some(({ zone }) => zone.id === first.zone.id);
      const { id, name } = first.zone;
      return [{ id, name, names: same.map((place) => place.name), ...(isOnlyAsked ? { types: ["TXT"] } : {}) }];
    });
    const partition = (await partitionOf(ctx.env)).id;
    ctx.stdout(`${JSON.stringify(visibleData(iamPolicy({ zones, partition })), null, 2)}\n`);
    return 0;
  } finally {
    close();
  }
};

interface LookedUp {
  readonly places: Places;
  readonly close: () => void;
}

const lookUp = async (ctx: CommandContext, domain: string): Promise<LookedUp> => {
  const { config, env, signal, adapters, stdinIsTTY, emit } = ctx;
  const { dnsResolver, dnsZoneId } = config;
  const asked = await adapters.createResolver(dnsResolver ? { server: dnsResolver } : {});
  const resolver = patientlyAsked(asked, config, emit);
  const options = { env, signal, resolver, interactive: stdinIsTTY, onTrouble: () => {} };
  if (dnsZoneId === undefined) {
    const publication = await openPublication(config, options).catch((thrown: unknown) => {
      const error = told(thrown);
      if (!(error instanceof UserError) || !isAboutAws(error)) throw error;
      throw new UserError({
        id: error.id,
        what: error.message,
        why: [...(error.why ? [error.why] : []), "The policy names the hosted zone, which is asked for at AWS."].join(
          "\n",
        ),
        remedy: {
          text: `${error.remedy.text} Or give the zone's id, by the last command; then nobody at AWS is asked.`,
          command: joined("\n", [
            ...(error.remedy.command ? [error.remedy.command] : []),
            sh`kn-bootstrap iam-policy --domain ${domain} --dns-zone-id Z…`,
          ]),
        },
        kind: error.kind,
      });
    });
    if (publication) return publication;
  }
  const [found] = await (await manual.open(options)).find(domain);
  const zone: Zone = { id: dnsZoneId ?? "", name: found?.name ?? domain, isPrivate: false, nameServers: [] };
  const servers = await authoritativeServers(resolver, zone.name, signal);
  const zones = { find: async (name: string) => Promise.reject(unknownId(domain, name)) };
  const provider = { title: "Amazon Route 53" };
  const random = (): string => randomBytes(8).toString("hex");
  return { places: createPlaces({ resolver, provider, zones, zone, servers, random, signal }), close: () => {} };
};

/** What the DNS itself says of the domain stays as it is, whoever is asked for the zone. */
const isAboutAws = ({ id }: UserError): boolean =>
  id.startsWith("dns.route53.") || id === "dns.no-zone" || id === "dns.unreachable";

/** A challenge that leads into another zone, whose id only AWS can tell. */
const unknownId = (domain: string, name: string): UserError =>
  new UserError({
    id: "iam-policy.zone",
    what: `A challenge of ${domain} leads into the zone ${name}, whose id is not known.`,
    why: "With --dns-zone-id nobody at AWS is asked.",
    remedy: {
      text: "Leave --dns-zone-id out; then the zones are asked for with your credentials:",
      command: sh`kn-bootstrap iam-policy --domain ${domain}`,
    },
    kind: "input",
  });
