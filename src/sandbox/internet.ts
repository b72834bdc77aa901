import { randomBytes } from "node:crypto";
import { type AcmeCa, type AcmeOptions, LETS_ENCRYPT, startAcme } from "./acme/index.ts";
import type { Door } from "./cert-manager/door.ts";
import { internetDoor } from "./cert-manager/internet-door.ts";
import { toCa } from "./cert-manager/to-ca.ts";
import { type Dns, type DnsOptions, startDns, type Zone } from "./dns/index.ts";
import { type Route53, type Route53Options, startRoute53 } from "./route53/index.ts";

export interface InternetOptions {
  /** Zones that are delegated to the account, e.g. `example.com`. */
  readonly zones: readonly string[];
  /** Names of load balancers and their addresses. */
  readonly hosts?: DnsOptions["hosts"];
  readonly acme?: Partial<AcmeOptions>;
  readonly route53?: Partial<Route53Options>;
  readonly isCaching?: boolean;
  /** Types that updates by the key may change; any when absent. */
  readonly updates?: readonly string[];
}

/** What an installation meets outside the cluster: the DNS from its root down, the Route 53 API over it, and an ACME CA that looks at it. */
export interface Internet {
  readonly dns: Dns;
  readonly route53: Route53;
  readonly acme: AcmeCa;
  readonly zones: readonly Zone[];
  /** For a world in which cert-manager is to reach all this. */
  readonly door: Door;
  /** What a person would have to set: credentials for both providers. */
  readonly env: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

const KEY = "rehearsal";

/** All servers listen on 127.0.0.1 and keep no process alive. */
export const startInternet = async ({
  zones: names,
  hosts,
  acme: acmeOptions,
  route53: route53Options,
  isCaching,
  updates,
}: InternetOptions): Promise<Internet> => {
  const secret = randomBytes(32).toString("base64");
  const dns = await startDns({ ...(hosts ? { hosts } : {}), ...(isCaching ? { isCaching } : {}) });
  const zones: Zone[] = [];
  for (const name of names)
    zones.push(await dns.addZone({ name, keys: [{ name: KEY, secret, ...(updates ? { types: updates } : {}) }] }));
  const [route53, acme] = await Promise.all([
    startRoute53({ dns, ...route53Options }),
    startAcme({ ...LETS_ENCRYPT, resolver: dns.resolver, ...acmeOptions }),
  ]);
  const [server = ""] = zones[0]?.nameServers ?? [];
  return {
    dns,
    route53,
    acme,
    zones,
    door: toCa(
      acme,
      internetDoor(dns, {
        accessKey: { id: route53.env.AWS_ACCESS_KEY_ID ?? "", secret: route53.env.AWS_SECRET_ACCESS_KEY ?? "" },
        tsig: { name: KEY, secret },
      }),
    ),
    env: {
      ...route53.env,
      ...(server ? { RFC2136_NAMESERVER: dns.endpoint(server) } : {}),
      RFC2136_TSIG_KEY: KEY,
      RFC2136_TSIG_SECRET: secret,
    },
    close: async () => {
      await Promise.all([acme.close(), route53.close()]);
      await dns.close();
    },
  };
};
