import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Zone } from "../../../src/sandbox/dns/index.ts";
import { type Internet, type InternetOptions, startInternet } from "../../../src/sandbox/internet.ts";
import type { World, WorldOptions } from "../../../src/sandbox/world.ts";
import { kn, type Outcome, type Stage, stage } from "../cli.ts";

export const DOMAIN = "apps.example.com";

/** A cluster, and what an installation meets outside of it. */
export interface DnsStage extends Stage, Omit<World, "connectTo"> {
  readonly internet: Internet;
  readonly run: (...args: readonly string[]) => Promise<Outcome>;
  readonly runWith: (options: Parameters<typeof kn>[2], ...args: readonly string[]) => Promise<Outcome>;
  /** What was asked of the CA so far, as `POST /new-order`. */
  readonly asked: readonly string[];
  /** PEM file: the CA's own root and that of what it issues. */
  readonly caFile: string;
  /** `--tls letsencrypt` and `--tls acme`, with what they need here. */
  readonly letsEncrypt: readonly string[];
  readonly privateCa: readonly string[];
  /** How often somebody wrote: to the zones, at the CA. */
  readonly writes: () => { readonly zone: number; readonly orders: number; readonly accounts: number };
}

export interface DnsStageOptions extends Partial<InternetOptions> {
  readonly world?: WorldOptions;
}

export const dnsStage = async ({ world: options, ...outside }: DnsStageOptions = {}): Promise<DnsStage> => {
  const asked: string[] = [];
  let updates = 0;
  const internet = await startInternet({
    zones: ["example.com"],
    ...outside,
    acme: {
      ...outside.acme,
      onRequest: async (request) => {
        asked.push(`${request.method} ${request.path}`);
        return outside.acme?.onRequest?.(request);
      },
    },
    route53: {
      ...outside.route53,
      onHandled: (request, response) => {
        // A trial is a batch that is refused.
        if (request.action === "ChangeResourceRecordSets" && response.status === 200) updates += 1;
        return outside.route53?.onHandled?.(request, response);
      },
    },
  });
  const world = await stage({ ...options, outside: internet });
  const { acme, dns } = internet;
  const serialOf = ({ name, records }: Zone): string | undefined => records.get(name, "SOA")?.values[0];
  const serials = new Map(dns.zones().map((zone) => [zone.id, serialOf(zone)]));
  dns.onQuery(({ operation, rcode }) => {
    if (operation !== "update" || rcode !== "NOERROR") return;
    // A trial has no effect.
    for (const zone of dns.zones()) {
      if (serials.get(zone.id) !== serialOf(zone)) updates += 1;
      serials.set(zone.id, serialOf(zone));
    }
  });
  const caFile = join(mkdtempSync(join(tmpdir(), "kn-bootstrap-ca-")), "ca.pem");
  writeFileSync(caFile, `${acme.tlsCa}\n${acme.root}`);
  const place = { ...world, standIns: true, internet };
  const to = (path: string): number => asked.filter((request) => request === `POST ${path}`).length;
  return {
    ...place,
    asked,
    caFile,
    run: (...args) => kn(place, args),
    runWith: (runOptions, ...args) => kn(place, args, runOptions),
    letsEncrypt: ["--tls", "letsencrypt", "--acme-directory", acme.directory],
    privateCa: ["--tls", "acme", "--acme-directory", acme.directory, "--acme-ca-file", caFile],
    writes: () => ({
      zone: updates,
      orders: to("/new-order"),
      accounts: acme.accounts().length,
    }),
    close: async () => {
      await Promise.all([world.close(), internet.close()]);
    },
  };
};

/** Every record set of the zone but its SOA, whose serial counts the changes. */
export const zoneOf = ({ internet }: Pick<DnsStage, "internet">, name = "example.com"): readonly string[] =>
  internet.dns
    .zone(name)
    .records.list()
    .filter(({ type }) => type !== "SOA")
    .map((set) => JSON.stringify({ ...set, values: [...set.values].sort() }));

/** Values of challenges that are left, wherever. */
export const challengesIn = ({ internet }: Pick<DnsStage, "internet">): readonly string[] =>
  internet.dns.zones().flatMap(({ records }) =>
    records
      .list()
      .filter(({ name, type }) => type === "TXT" && name.includes("_acme-challenge"))
      .flatMap(({ name, values }) => values.map((value) => `${name} ${value.replaceAll('"', "")}`)),
  );

/** The last error as people see it, in one line. */
export const errorOf = ({ stderr }: Outcome): string =>
  stderr
    .slice(Math.max(0, stderr.lastIndexOf("Error: ")))
    .replace(/\s+/g, " ")
    .trim();
