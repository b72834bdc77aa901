/** A resolver's memory: answers for their TTL, negative answers as RFC 2308 §5 says. */

import type { Rr } from "./lookup.ts";
import type { Reply } from "./wire.ts";

export interface Cache {
  readonly get: (name: string, type: string) => Reply | undefined;
  readonly put: (name: string, type: string, reply: Reply) => void;
  readonly clear: () => void;
}

interface Entry {
  readonly reply: Reply;
  readonly from: number;
  readonly until: number;
}

const ANY_TYPE = "";

/** @param now milliseconds. */
export const createCache = (now: () => number): Cache => {
  const entries = new Map<string, Entry>();
  const keyOf = (name: string, type: string): string => `${name} ${type}`;
  const live = (key: string): Entry | undefined => {
    const entry = entries.get(key);
    return entry && entry.until > now() ? entry : undefined;
  };
  return {
    get: (name, type) => {
      const entry = live(keyOf(name, type)) ?? live(keyOf(name, ANY_TYPE));
      return entry && aged(entry.reply, Math.floor((now() - entry.from) / 1000));
    },
    put: (name, type, reply) => {
      const seconds = lifetime(reply);
      if (seconds <= 0) return;
      // A name that does not exist has no record of any type; behind a CNAME it is another name that does not exist.
      const whole = reply.rcode === "NXDOMAIN" && (reply.answers ?? []).length === 0;
      entries.set(keyOf(name, whole ? ANY_TYPE : type), { reply, from: now(), until: now() + seconds * 1000 });
    },
    clear: () => entries.clear(),
  };
};

const lifetime = ({ rcode, answers = [], authority = [] }: Reply): number => {
  if (rcode !== "NOERROR" && rcode !== "NXDOMAIN") return 0;
  const soa = authority.find(({ type }) => type === "SOA");
  const negative = soa ? [Math.min(soa.ttl, Number(soa.value.split(" ").at(-1)))] : [];
  const all = [...answers.map(({ ttl }) => ttl), ...negative];
  return all.length === 0 ? 0 : Math.min(...all);
};

const aged = (reply: Reply, seconds: number): Reply => {
  const older = (records: readonly Rr[] = []): readonly Rr[] =>
    records.map((record) => ({ ...record, ttl: Math.max(0, record.ttl - seconds) }));
  return { ...reply, answers: older(reply.answers), authority: older(reply.authority) };
};
