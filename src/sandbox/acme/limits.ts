/** Buckets that refill evenly: a certificate for one set every 33.6 hours with 5 per 168 (the generic cell rate algorithm). */

import type { Limit } from "./options.ts";
import { Problem } from "./problem.ts";

const HOUR = 3_600_000;

export interface Buckets {
  /** Throws rateLimited when the next one would be too much. Takes nothing. */
  readonly check: (limit: Limit | undefined, bucket: string, message: LimitMessage) => void;
  readonly take: (limit: Limit | undefined, bucket: string) => void;
}

export interface LimitMessage {
  /** Of count: `too many certificates (5) already issued for this exact set of identifiers`. */
  readonly text: (count: number) => string;
  /** The anchor in Let's Encrypt's documentation. */
  readonly anchor: string;
}

const DOCUMENTATION = "https://letsencrypt.org/docs/rate-limits/";

export const createBuckets = (now: () => Date): Buckets => {
  const fullAgain = new Map<string, number>();
  const after = ({ count, hours }: Limit, bucket: string): number =>
    Math.max(fullAgain.get(bucket) ?? 0, now().getTime()) + (hours * HOUR) / count;
  return {
    check: (limit, bucket, { text, anchor }) => {
      if (!limit) return;
      const wait = after(limit, bucket) - now().getTime() - limit.hours * HOUR;
      if (wait <= 0) return;
      const seconds = Math.ceil(wait / 1000);
      const next = new Date(now().getTime() + seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
      throw new Problem(
        "rateLimited",
        `${text(limit.count)} in the last ${goDuration(limit.hours)}, retry after ${next} UTC: see ${DOCUMENTATION}#${anchor}`,
        { headers: { "retry-after": String(seconds), link: `<${DOCUMENTATION}#${anchor}>;rel="help"` } },
      );
    },
    take: (limit, bucket) => {
      if (limit) fullAgain.set(bucket, after(limit, bucket));
    },
  };
};

/** `168h0m0s`, as Go prints it. */
const goDuration = (hours: number): string => {
  const seconds = Math.round(hours * 3600);
  const parts = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  const [h, m, s] = parts;
  return h ? `${h}h${m}m${s}s` : m ? `${m}m${s}s` : `${s}s`;
};
