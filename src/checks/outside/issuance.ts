import { type Finding, fail, ok, skipped, warn } from "../../core/check.ts";
import { findCaa } from "../../dns/caa.ts";
import { locateChallenge } from "../../dns/challenge.ts";
import { authoritativeServers } from "../../dns/delegation.ts";
import { askOneOf } from "../../dns/servers.ts";
import { dig } from "../../ports/dig.ts";
import type { Resolver } from "../../ports/dns.ts";
import { challengeName } from "../../ports/dns-name.ts";
import { few } from "../../ports/few.ts";
import { directoryNow } from "../authority.ts";
import { caaPermits } from "../caa.ts";
import type { HealthContext, Order } from "../health-check.ts";
import { locatedFor, NOBODY, type Zoned } from "./view.ts";
import { worst } from "./worst.ts";

const UNKNOWN = "the domain's zone cannot be asked from here";

const baseOf = (name: string): string => name.replace(/^\*\./, "");

/** The names of an order, each with its zone. Empty: none of them can be asked for. */
const placed = async (ctx: HealthContext, { names }: Order): Promise<readonly { name: string; located: Zoned }[]> => {
  const all = await Promise.all(names.map(async (name) => ({ name, located: await locatedFor(ctx, baseOf(name)) })));
  return all.flatMap(({ name, located }) => (located ? [{ name, located }] : []));
};

/** Whether CAA lets the CA of an order issue, as the zones' own servers say: without credentials for any of them. */
export const caaFinding = async (ctx: HealthContext, order: Order, account?: string): Promise<Finding> => {
  const { resolver, signal } = ctx;
  const places = await placed(ctx, order);
  const [first] = places;
  if (!resolver || !first) return skipped(UNKNOWN);
  const info = await directoryNow(order, ctx);
  const caa = (name: string) => {
    const { zone, delegation } = places.find((one) => baseOf(one.name) === name)?.located ?? first.located;
    return findCaa(resolver, name, { start: { zone, servers: delegation.servers }, random: () => NOBODY, signal });
  };
  const asked = { ...order, names: places.map(({ name }) => name) };
  return caaPermits(asked, { places: { caa }, zone: { name: first.located.zone } }, ctx, info, account);
};

/** So many are left by accident; more make an answer that a CA does not read to its end. */
const MOST_LEFT = 3;

const challengeAt = async (
  resolver: Resolver,
  name: string,
  { zone, delegation }: Zoned,
  isPending: boolean,
  signal: AbortSignal,
): Promise<Finding> => {
  const start = { zone, servers: delegation.servers };
  const place = await locateChallenge(resolver, baseOf(name), { start, random: () => NOBODY, signal });
  const servers = place.zone === zone ? delegation.servers : await authoritativeServers(resolver, place.zone, signal);
  // A zone of one label is a registry's: what it does not delegate is nobody's.
  if (servers.length === 0 || (place.via.length > 0 && !place.zone.includes(".")))
    return fail(
      `the challenge of ${name} is to be written at ${place.name}, and no zone there is delegated to anybody`,
      {
        text: `Take the CNAME at ${place.via[0] ?? challengeName(baseOf(name))} away, or let it lead to a name in a zone that is delegated.`,
        command: dig(["+trace", "CNAME"], place.via[0] ?? challengeName(baseOf(name))),
      },
      { evidence: [{ field: `${place.zone} NS` }] },
    );
  const said = await askOneOf(resolver, servers, place.name, "TXT", signal);
  const left = (said?.answer.answers ?? []).filter(({ type, name: owner }) => type === "TXT" && owner === place.name);
  const where = `${place.name}${place.via.length > 0 ? `, where ${place.via[0]} leads,` : ""} in zone ${place.zone}`;
  if (left.length <= MOST_LEFT || isPending)
    return ok(`${where}${left.length > 0 ? ` (${left.length} values stand there)` : ""}`);
  return warn(
    `${left.length} values of earlier challenges are left at ${where}`,
    {
      text: "Remove them: with enough of them the answer is too large, and the CA refuses it.",
      command: dig(["+noall", "+answer", "TXT"], place.name),
    },
    { evidence: [{ field: `${place.name} TXT`, observed: left.map(({ value }) => value) }] },
  );
};

/** Whether the challenges of an order have a place that the CA finds. `isPending`: an order is under way, whose values stand there rightly. */
export const challengeFinding = async (ctx: HealthContext, order: Order, isPending: boolean): Promise<Finding> => {
  const { resolver, signal } = ctx;
  const places = await placed(ctx, order);
  if (!resolver || places.length === 0) return skipped(UNKNOWN);
  const one = [...new Map(places.map((each) => [baseOf(each.name), each])).values()];
  const findings = await Promise.all(
    one.map(({ name, located }) => challengeAt(resolver, name, located, isPending, signal)),
  );
  const first = worst(findings);
  return first?.status === "ok" ? ok(few(findings.map(({ summary }) => summary))) : (first ?? skipped(UNKNOWN));
};
