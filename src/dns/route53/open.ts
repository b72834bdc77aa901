import type { ZonesWrite } from "../../ports/zones.ts";
import type { ZonesOptions } from "../provider.ts";
import { withdrawing } from "../withdraw.ts";
import type { Access } from "./asking.ts";
import { changeSets } from "./change.ts";
import { openClient } from "./client.ts";
import { findZones } from "./find.ts";
import { normalName } from "./names.ts";
import { troubleOf, troubleText } from "./problems.ts";
import { setsOf, setsUnder } from "./read.ts";
import { rehearse } from "./rehearse.ts";

export interface Route53Pace {
  /** Tries of one request, the first included. Default 10: about a minute of throttling. */
  readonly maxAttempts?: number;
  /** Pauses before each look at a pending change, in ms; the last one repeats. Default 500, 1000, 2000. */
  readonly pollMs?: readonly number[];
}

/** `pace` is for tests; the product uses the provider beside this file. */
export const openRoute53 = async (
  { env, signal, onTrouble, learn }: Pick<ZonesOptions, "env" | "signal" | "onTrouble" | "learn">,
  { maxAttempts = 10, pollMs = [500, 1000, 2000] }: Route53Pace = {},
): Promise<ZonesWrite & { readonly close: () => void }> => {
  let lost = 0;
  const client = await openClient({
    env,
    maxAttempts,
    ...(learn ? { learn } : {}),
    onFailedTry: (action, error) => {
      if (action === "route53:ChangeResourceRecordSets" && troubleOf(error) === "no-answer") lost += 1;
      const text = troubleText(action, error);
      if (text !== undefined) onTrouble(text);
    },
  });
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const mine = last.then(task, task);
    last = mine.catch(() => undefined);
    return mine;
  };
  const domains = new Map<string, string>();
  const access: Access = {
    client,
    env,
    signal,
    onTrouble,
    domainOf: ({ id = "", name }) => domains.get(id) ?? name,
  };
  const get: ZonesWrite["get"] = async (zone, name, type) =>
    (await setsOf(access, zone, name, type)).map(({ set }) => set);
  const change: ZonesWrite["change"] = (zone, changes, ended) =>
    changeSets(
      {
        ...access,
        signal: ended ? AbortSignal.any([signal, ended]) : signal,
        inTurn,
        lostAnswers: () => lost,
        pollMs,
      },
      zone,
      changes,
    );
  return {
    find: async (domain) => {
      const zones = await findZones(access, domain);
      for (const { id } of zones) domains.set(id, normalName(domain));
      return zones;
    },
    get,
    list: async (zone, under) => (await setsUnder(access, zone, under)).map(({ set }) => set),
    change,
    withdraw: withdrawing({ get, change }),
    rehearse: (zone, records) => inTurn(() => rehearse(access, zone, records)),
    close: () => client.destroy(),
  };
};
