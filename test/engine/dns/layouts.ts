import type { RecordSet, Zone } from "../../../src/sandbox/dns/index.ts";
import { type DnsStage, dnsStage } from "./stage.ts";

/** A way in which a domain and its challenge may lie in the DNS. Names are absolute; `example.com` is always there, and ours unless said. */
export interface Layout {
  readonly title: string;
  readonly domain: string;
  /** More zones of the account, on servers of their own at Route 53, on the same server with rfc2136. */
  readonly ours?: readonly string[];
  /** Zones of somebody else. */
  readonly others?: readonly string[];
  /** Zones of the account that nobody delegates to. */
  readonly undelegated?: readonly string[];
  /** `zone NAME TYPE VALUE`: what stands there before. */
  readonly records?: readonly (readonly [zone: string, name: string, type: string, value: string])[];
  readonly options?: readonly string[];
  /** Where the challenge is written: `name in zone`. */
  readonly places?: readonly string[];
  /** What the challenge would hide of a wildcard, and is copied for its time: `name type`. */
  readonly copies?: readonly string[];
  /** It cannot work: exit code 2 at planning, with these words. */
  readonly refused?: RegExp;
}

const DOMAIN = "apps.example.com";
const CHALLENGE = `_acme-challenge.${DOMAIN}`;

/** The ten that are met in the world; `dns` decides what stands for a DNAME, which Route 53 itself does not have. */
export const layoutsFor = (dns: string): readonly Layout[] => [
  { title: "plain", domain: DOMAIN, places: [`${CHALLENGE} in example.com`] },
  { title: "apex", domain: "example.com", places: ["_acme-challenge.example.com in example.com"] },
  {
    title: "nested",
    domain: DOMAIN,
    options: ["--domain-template", "nested", "--namespaces", "shop"],
    places: [`_acme-challenge.kn-bootstrap.${DOMAIN} in example.com`, `_acme-challenge.shop.${DOMAIN} in example.com`],
  },
  { title: "child zone delegated", domain: DOMAIN, ours: [DOMAIN], places: [`${CHALLENGE} in ${DOMAIN}`] },
  {
    title: "CNAME to own zone",
    domain: DOMAIN,
    records: [["example.com", CHALLENGE, "CNAME", "validation.example.com"]],
    places: ["validation.example.com in example.com"],
  },
  {
    title: "CNAME to own child zone",
    domain: DOMAIN,
    ours: ["le.example.com"],
    records: [["example.com", CHALLENGE, "CNAME", "_acme-challenge.le.example.com"]],
    places: ["_acme-challenge.le.example.com in le.example.com"],
  },
  {
    title: "CNAME to somebody's zone",
    domain: DOMAIN,
    others: ["validation.example.net"],
    records: [["example.com", CHALLENGE, "CNAME", "a1b2.validation.example.net"]],
    refused: /_acme-challenge\.apps\.example\.com is a CNAME to a1b2\.validation\.example\.net/,
  },
  {
    title: "wildcard above",
    domain: DOMAIN,
    records: [["example.com", "*.example.com", "CNAME", "lb.example.org"]],
    places: [`${CHALLENGE} in example.com`],
  },
  {
    title: "DNAME above",
    domain: `${DOMAIN.replace("apps.", "apps.old.")}`,
    ...(dns === "route53" ? { ours: ["apps.old.example.com"], others: ["example.com"] } : {}),
    records: [["example.com", "old.example.com", "DNAME", "new.example.org"]],
    refused: /DNAME at old\.example\.com|old\.example\.com has a DNAME/,
  },
  {
    title: "twins",
    domain: DOMAIN,
    undelegated: ["example.com"],
    places: [`${CHALLENGE} in example.com`],
  },
];

/** More that are met, less often. */
export const rarerFor = (dns: string): readonly Layout[] => [
  {
    title: "CNAMEs over three zones",
    domain: DOMAIN,
    ours: ["b.example.com", "c.b.example.com", "d.example.com"],
    records: [
      ["example.com", CHALLENGE, "CNAME", "x.b.example.com"],
      ["b.example.com", "x.b.example.com", "CNAME", "y.c.b.example.com"],
      ["c.b.example.com", "y.c.b.example.com", "CNAME", "Z.D.Example.com"],
    ],
    places: ["z.d.example.com in d.example.com"],
  },
  { title: "challenge its own zone", domain: DOMAIN, ours: [CHALLENGE], places: [`${CHALLENGE} in ${CHALLENGE}`] },
  { title: "challenge somebody's zone", domain: DOMAIN, others: [CHALLENGE], refused: /would have to be written/ },
  {
    title: "CNAME back to the parent",
    domain: DOMAIN,
    ours: [DOMAIN],
    records: [[DOMAIN, CHALLENGE, "CNAME", "proof.example.com"]],
    places: ["proof.example.com in example.com"],
  },
  {
    title: "three challenges, one name",
    domain: DOMAIN,
    ours: ["le.example.com"],
    options: ["--domain-template", "nested", "--namespaces", "shop,blog"],
    records: ["kn-bootstrap", "shop", "blog"].map(
      (name) => ["example.com", `_acme-challenge.${name}.${DOMAIN}`, "CNAME", "le.example.com"] as const,
    ),
    places: ["le.example.com in le.example.com"],
  },
  {
    title: "wildcard TXT above",
    domain: DOMAIN,
    records: [["example.com", "*.example.com", "TXT", '"v=spf1 -all"']],
    places: [`${CHALLENGE} in example.com`],
  },
  {
    title: "wildcard above the target",
    domain: DOMAIN,
    ours: ["le.example.com"],
    records: [
      ["example.com", CHALLENGE, "CNAME", "_acme-challenge.a.le.example.com"],
      ["le.example.com", "*.le.example.com", "A", "192.0.2.1"],
    ],
    places: ["_acme-challenge.a.le.example.com in le.example.com"],
    copies: ["a.le.example.com A", "*.a.le.example.com A"],
  },
  {
    title: "wildcard CNAME at the target",
    domain: DOMAIN,
    ours: ["le.example.com"],
    records: [
      ["example.com", CHALLENGE, "CNAME", "a.le.example.com"],
      ["le.example.com", "*.le.example.com", "CNAME", "lb.example.org"],
    ],
    places: ["a.le.example.com in le.example.com"],
    copies: ["*.a.le.example.com CNAME"],
  },
  ...(dns === "rfc2136"
    ? [
        {
          title: "CNAME below a DNAME",
          domain: DOMAIN,
          ours: ["le.example.com"],
          records: [
            ["example.com", CHALLENGE, "CNAME", "x.old.example.com"],
            ["example.com", "old.example.com", "DNAME", "le.example.com"],
          ],
          places: ["x.le.example.com in le.example.com"],
        } as const,
      ]
    : []),
];

/** The world of a layout. */
export const laidOut = async (dns: string, layout: Layout): Promise<DnsStage> => {
  const { others = [], ours = [], undelegated = [], records = [] } = layout;
  const foreign = new Set<string>();
  const stage = await dnsStage({
    route53: { owns: (zone) => !zone.isAutomatic && !foreign.has(zone.name) },
  });
  const { dns: world, env, zones } = stage.internet;
  const keys = [{ name: env.RFC2136_TSIG_KEY ?? "", secret: env.RFC2136_TSIG_SECRET ?? "" }];
  const nameServers = dns === "rfc2136" ? { nameServers: zones[0]?.nameServers ?? [] } : {};
  for (const name of ours) await world.addZone({ name, keys, ...nameServers });
  for (const name of undelegated) await world.addZone({ name, keys, delegated: false });
  for (const name of others) {
    foreign.add(name);
    if (name !== "example.com") await world.addZone({ name });
  }
  for (const [zone, name, type, value] of records)
    world.zone(zone).records.set({ name, type, ttl: 60, values: [value] });
  return stage;
};

const stands = ({ id, name, records }: Zone): readonly string[] =>
  records
    .list()
    .filter(({ type }: RecordSet) => type !== "SOA")
    .map((set) => `${name} ${id} ${JSON.stringify(set)}`);

/** Every record set of every zone but the SOAs, whose serials count. */
export const everything = ({ internet }: DnsStage): readonly string[] => internet.dns.zones().flatMap(stands);

/** Every place at which a TXT of a challenge stood at any time from now on, as `name in zone`; and the ids of those zones. */
export const witness = ({
  internet: { dns },
}: DnsStage): { readonly places: Set<string>; readonly ids: Set<string> } => {
  const seen = { places: new Set<string>(), ids: new Set<string>() };
  dns.onQuery(() => {
    for (const { id, name: zone, records } of dns.zones())
      for (const { name, type, values } of records.list())
        if (type === "TXT" && values.some((value) => /^"?[\w-]{43}"?$/.test(value))) {
          seen.places.add(`${name} in ${zone}`);
          seen.ids.add(id);
        }
  });
  return seen;
};
