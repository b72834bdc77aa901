import { knownStrategy } from "../certificates/index.ts";
import { inspect } from "../certificates/secret.ts";
import { WILDCARD } from "../certificates/served.ts";
import { type Check, type Finding, fail, ok, skipped } from "../core/check.ts";
import type { BadFinding } from "../core/finding-error.ts";
import { dnsProvider } from "../dns/index.ts";
import { copiesFor } from "../dns/shadows.ts";
import { asWritten } from "../kube/as-written.ts";
import { HOME, MANAGER, withOwner } from "../kube/inventory.ts";
import { ApiError } from "../ports/cluster.ts";
import { messageOf } from "../ports/error.ts";
import { few } from "../ports/few.ts";
import { describe, type KubeObject, textAt } from "../ports/object.ts";
import { outage } from "../ports/outage.ts";
import { sh } from "../ports/shell.ts";
import { absolute, relativeTo, zoneLabel } from "../ports/zones.ts";
import { authorityOf, directoryNow } from "./authority.ts";
import { CAA_BY, caaPermits } from "./caa.ts";
import { FOUND_BY, findInstallation } from "./found.ts";
import { type HealthContext, healthCheck, isOpen, type Order, type RecordsAccess } from "./health-check.ts";
import { mayWrite, type Writing } from "./may-write.ts";
import { ORDERED_BY, orderIn } from "./order.ts";
import { caaFinding } from "./outside/issuance.ts";

/** Judges what kn-bootstrap makes and renews; skipped where somebody else does, or nobody. */
const whereRenewed =
  (judge: (ctx: HealthContext) => Promise<Finding>) =>
  async (ctx: HealthContext): Promise<Finding> => {
    const isOurs = async (): Promise<boolean> => {
      const strategy = knownStrategy((await findInstallation(ctx.cluster)).tls);
      return strategy !== undefined && strategy.elsewhere === undefined;
    };
    return ctx.order || (await isOurs()) ? judge(ctx) : skipped("kn-bootstrap renews no certificate here");
  };

/** Judges what is ordered from a CA; skipped where none is asked, and where the way to the records is not open. */
const whereOrdered =
  (judge: (order: Order, records: RecordsAccess, ctx: HealthContext) => Promise<Finding>) =>
  async (ctx: HealthContext): Promise<Finding> => {
    const order = await orderIn(ctx);
    if (!order) return skipped("kn-bootstrap orders no certificate here");
    const records = await ctx.records?.();
    if (isOpen(records)) return judge(order, records, ctx);
    return dnsProvider(textAt((await findInstallation(ctx.cluster)).choices, "dns"))
      ? skipped(records?.closed ?? "the DNS provider's credentials are not at hand")
      : fail("Nobody writes records for this domain.", { text: "Install with another --dns." });
  };

/** Where the challenges of an order are written, and the copies of what they would hide of a wildcard. */
const challengesOf = async ({ names }: Order, { places, zones }: RecordsAccess): Promise<readonly Writing[]> => {
  const found = await Promise.all(names.map(places.challenge));
  const inZones = [...Map.groupBy(found, ({ zone }) => zone.id).values()].map(
    async (same): Promise<readonly Writing[]> => {
      const [first] = same;
      if (!first) return [];
      const { zone } = first;
      const relative = [...new Set(same.map(({ name }) => relativeTo(zone, name)))];
      return [
        ...relative.map((name): Writing => ({ zone, name, types: ["TXT"] })),
        ...(await copiesFor(zone, relative, zones)).map(({ name, type }): Writing => ({ zone, name, types: [type] })),
      ];
    },
  );
  return (await Promise.all(inZones)).flat();
};

export const noCertificate: BadFinding = {
  status: "fail",
  summary: "There is no certificate of kn-bootstrap in this cluster.",
  remedy: { text: "Install makes one; or see which cluster this is.", command: sh`kn-bootstrap status` },
  error: { id: "renew.nothing", why: `${describe(WILDCARD)} does not exist or holds none.`, kind: "input" },
  evidence: [{ object: WILDCARD, field: '.data["tls.crt"]' }],
};

/** There is a certificate that kn-bootstrap has made. */
export const certificateMade: Check = {
  id: "renew.certificate",
  title: "There is a certificate to renew",
  run: async ({ cluster }) => {
    const found = inspect(await cluster.get(WILDCARD));
    if (found)
      return ok(`${few(found.names)} until ${found.notAfter.toISOString().slice(0, 10)}`, {
        facts: { names: found.names, notAfter: found.notAfter.toISOString() },
      });
    return noCertificate;
  },
};

const certificateThere = healthCheck({
  id: "renew.certificate",
  title: certificateMade.title,
  symptomOf: ["certificate.usable"],
  reads: ORDERED_BY,
  meaning: "The gateway has no certificate of kn-bootstrap, so that a renewal has nothing to go by.",
  todo: "Run `kn-bootstrap install`, which makes one.",
  run: whereRenewed((ctx) => certificateMade.run(ctx, new Map())),
});

/** What a renewal goes through, on the way that it would take. None of it changes anything, and nothing is ordered. */
export const renewalChecks = [
  certificateThere,
  healthCheck({
    id: "renew.zone",
    title: "The challenge has a place, and it can be read",
    symptomOf: ["dns.delegated"],
    reads: [...ORDERED_BY, "dns", "records"],
    meaning: "The CA cannot be shown that the domain is ours, so that no certificate can be renewed.",
    todo: "Look at the credentials of the DNS provider, and at what stands at `_acme-challenge` below the domain.",
    run: whereOrdered(async ({ names }, { places, zones, provider }) => {
      const found = await Promise.all(names.map(places.challenge));
      const told = found.map(async ({ zone, name, note }) => {
        const left = await zones.get(zone, relativeTo(zone, name), "TXT");
        const where = `${name} in zone ${zoneLabel(zone)} at ${provider.title}, where ${left.length === 0 ? "nothing" : "a value"} stands`;
        return note ? `${where} (${note})` : where;
      });
      return ok((await Promise.all(told)).join("; "), { facts: { names } });
    }),
  }),
  healthCheck({
    id: "renew.write",
    title: "The challenge may be written",
    needs: ["renew.zone"],
    reads: [...ORDERED_BY, "dns", "records", "trial"],
    meaning: "The credentials cannot write the record by which the CA sees that the domain is ours.",
    todo: "Give them the right that the finding names. With Route 53, `kn-bootstrap iam-policy` prints the least.",
    run: whereOrdered(async (order, records, { signal }) => {
      if (records.isOnlyRead) return skipped("no write is tried: doctor --probe does, and kn-bootstrap renew --check");
      const writings = await challengesOf(order, records);
      const how = await mayWrite(writings, records.zones, signal);
      const what = few(writings.map(({ zone, name, types }) => `${types.join()} ${absolute(zone, name)}`));
      return ok(how === undefined ? `not tried, as a person writes it: ${what}` : `${what}: tried ${how}`);
    }),
  }),
  healthCheck({
    id: "renew.caa",
    title: "CAA lets the CA issue",
    reads: [...ORDERED_BY, ...CAA_BY],
    threads: ["certbot/certbot#9236"],
    meaning: "A CAA record of the domain, or of one above it, forbids the CA to issue.",
    todo: "Add the record that the finding shows, or choose a CA that may issue.",
    run: async (ctx) => {
      const order = await orderIn(ctx);
      if (!order) return skipped("kn-bootstrap orders no certificate here");
      const records = await ctx.records?.();
      if (!isOpen(records) || records.isOnlyRead) return caaFinding(ctx, order);
      return caaPermits(order, records, ctx, await directoryNow(order, ctx));
    },
  }),
  healthCheck({
    id: "renew.authority",
    title: "The CA answers",
    reads: [...ORDERED_BY, "authority"],
    meaning: "The CA cannot be asked for a certificate from here, or has no such profile any more.",
    todo: "Look at the way to the CA, its root (`--acme-ca-file`) and what it says of itself.",
    run: async (ctx) => {
      const order = await orderIn(ctx);
      const authority = order && (await authorityOf(order, ctx));
      if (!authority) return skipped("no CA is asked here");
      const { names, directory, profile } = order;
      const { profiles, hasRenewalInfo } = await authority.directory(ctx.signal);
      if (profile !== undefined && !(profile in profiles)) {
        const others = Object.keys(profiles);
        const another = others.length > 0 ? `another --acme-profile (${others.join(", ")}), or with ` : "";
        return fail(`${directory} has no profile ${profile} any more.`, {
          text: `Install with ${another}--reset-choice acme-profile.`,
        });
      }
      return ok(`${directory}${hasRenewalInfo ? ", and says when to renew" : ""}; it will be asked for ${few(names)}`);
    },
  }),
  healthCheck({
    id: "renew.secret",
    title: "The server would take the new Secret",
    reads: [...FOUND_BY, "Secret", "trial"],
    meaning: "The account may not write the renewed certificate, or admission refuses it.",
    todo: "Give the account what it lacks, or lift what refuses it.",
    // A dry run asks the server, admission included, and stores nothing (rule 26).
    run: whereRenewed(async ({ cluster, dryRun }) => {
      if (!dryRun) return skipped("no write is tried: kn-bootstrap renew --check does");
      const live = await cluster.get(WILDCARD);
      const kept: KubeObject = withOwner(
        {
          apiVersion: "v1",
          kind: "Secret",
          metadata: { namespace: HOME, name: "renew-check" },
          type: "Opaque",
          data: {},
        },
        "certificate",
      );
      for (const object of [...(live ? [asWritten(live)] : []), kept])
        try {
          await dryRun(object, { manager: MANAGER });
        } catch (error) {
          if (!(error instanceof ApiError) || outage(error) !== undefined) throw error;
          return fail(`The server would refuse Secret ${HOME}/${object.metadata.name}: ${messageOf(error)}.`, {
            text: "Give the account what it lacks, or lift what refuses it.",
          });
        }
      return ok(`Secret ${HOME}/${WILDCARD.name}, by a dry run`);
    }),
  }),
] as const;
