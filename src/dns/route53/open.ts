import type { UserError } from "../../ports/error.ts";
import type { ZonesWrite } from "../../ports/zones.ts";
import type { ZonesOptions } from "../provider.ts";
import { withdrawing } from "../withdraw.ts";
import type { Access } from "./asking.ts";
import { changeSets } from "./change.ts";
import { openClient } from "./client.ts";
import { findZones } from "./find.ts";
import { amended } from "./multivalue.ts";
import { normalName } from "./names.ts";
import { noZoneFor, troubleOf, troubleText } from "./problems.ts";
import { setsOf, setsUnder } from "./read.ts";
import { rehearse } from "./rehearse.ts";

export interface Route53Pace {
  /** Tries of one request, the first included. Default: AWS_MAX_ATTEMPTS, as all that use AWS's SDKs have it, else 10: about a minute of throttling. */
  readonly maxAttempts?: number;
  /** Pauses before each look at a pending change, in ms; the last one repeats. Default 500, 1000, 2000. */
  readonly pollMs?: readonly number[];
}

/** `pace`: other times, for tests. The product opens it through the provider in `index.ts`. */
export const openRoute53 = async (
  { env, signal, onTrouble, learn }: Pick<ZonesOptions, "env" | "signal" | "onTrouble" | "learn">,
  { maxAttempts = attemptsIn(env) ?? 10, pollMs = [500, 1000, 2000] }: Route53Pace = {},
): Promise<ZonesWrite & { readonly noZone: (domain: string) => UserError; readonly close: () => void }> => {
  let lost = 0;
  let host = "";
  const client = await openClient({
    env,
    maxAttempts,
    ...(learn ? { learn } : {}),
    onAsked: (asked) => {
      host = asked;
    },
    onFailedTry: (action, error) => {
      if (action === "route53:ChangeResourceRecordSets" && troubleOf(error) === "no-answer") lost += 1;
      const text = troubleText(action, error, host);
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
    host: () => host,
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
    amended,
    change,
    withdraw: withdrawing({ get, change }),
    rehearse: (zone, records) => inTurn(() => rehearse(access, zone, records)),
    noZone: (domain) => noZoneFor(domain, host),
    close: () => client.destroy(),
  };
};

const attemptsIn = ({ AWS_MAX_ATTEMPTS = "" }: ZonesOptions["env"]): number | undefined =>
  /^[1-9]\d?$/.test(AWS_MAX_ATTEMPTS) ? Number(AWS_MAX_ATTEMPTS) : undefined;
