import { knownStrategy, strategies } from "../../certificates/index.ts";
import { dueDate, type TlsSecret } from "../../certificates/secret.ts";
import type { ReadContext } from "../../core/check.ts";
import { at } from "../../ports/object.ts";
import { readable } from "../../ports/readable.ts";
import { certificateIn } from "../gateway-certificate/status.ts";
import { section } from "../part.ts";
import { CRON_JOB } from "./objects.ts";

/** Who replaces the certificate, and when. */
export interface RenewalStatus {
  readonly by: "cronjob" | "nobody" | RenewerId;
  /** ISO. By the certificate's dates. */
  readonly due?: string;
  /** Its CA may ask for it earlier (RFC 9773). */
  readonly canComeSooner?: true;
  /** Five cron fields, UTC. */
  readonly schedule?: string;
  readonly suspended?: true;
  /** ISO. When the CronJob's last run ended well. */
  readonly lastDone?: string;
  /** `namespace/name`, of a certificate that was brought. */
  readonly secret?: string;
}

/** Somebody else than kn-bootstrap, as the way to TLS calls them. */
type RenewerId = string & {};

/** Undefined: there is no TLS, or no certificate of ours. `ctx.cluster` may answer from a snapshot. */
export const readRenewal = async (
  choices: Readonly<Record<string, unknown>>,
  certificate: TlsSecret | undefined,
  { cluster }: Pick<ReadContext, "cluster">,
): Promise<RenewalStatus | undefined> => {
  const strategy = knownStrategy(choices.tls);
  if (!strategy) return undefined;
  const { elsewhere, serves, isBrought } = strategy;
  if (serves === "routes") return elsewhere?.renewer && { by: elsewhere.renewer.by };
  if (serves === "nothing" || !certificate) return undefined;
  if (elsewhere?.renewer)
    return { by: elsewhere.renewer.by, ...(isBrought ? { secret: String(choices["tls-secret"]) } : {}) };
  const due = dueDate(certificate).toISOString();
  const sooner = strategy.acme ? ({ canComeSooner: true } as const) : {};
  // Whoever may not see CronJobs still wants the rest of the screen.
  const cronJob = await readable(cluster.get(CRON_JOB));
  const schedule = at(cronJob, "spec", "schedule");
  if (typeof schedule !== "string") return { by: "nobody", due, ...sooner };
  const last = at(cronJob, "status", "lastSuccessfulTime");
  return {
    by: "cronjob",
    due,
    ...sooner,
    schedule,
    ...(at(cronJob, "spec", "suspend") === true ? { suspended: true } : {}),
    ...(typeof last === "string" ? { lastDone: last } : {}),
  };
};

/** `daily at 04:07 UTC` for `7 4 * * *`, `every 2 hours` for ours of short-lived certificates; others as they are. */
const timesOf = (schedule: string): string => {
  const [, minute, hour] = /^(\d+) (\d+|\*\/2) \* \* \*$/.exec(schedule) ?? [];
  if (hour === "*/2") return "every 2 hours";
  return minute && hour ? `daily at ${hour.padStart(2, "0")}:${minute.padStart(2, "0")} UTC` : `at ${schedule} UTC`;
};

const minute = (iso: string): string => `${iso.slice(0, 16).replace("T", " ")} UTC`;

/** One sentence for people. */
export const renewalText = ({
  by,
  due,
  canComeSooner,
  schedule,
  suspended,
  lastDone,
  secret,
}: RenewalStatus): string => {
  const when = due ? `; due ${due.slice(0, 10)}${canComeSooner ? ", or when the CA asks" : ""}` : "";
  switch (by) {
    case "nobody":
      return `nobody: run kn-bootstrap renew, or renew --install-cronjob${when}`;
    case "cronjob":
      return `CronJob ${CRON_JOB.namespace}/${CRON_JOB.name}, ${suspended ? "suspended: nobody renews" : timesOf(schedule ?? "")}, ${lastDone ? `last done ${minute(lastDone)}` : "not run yet"}${when}`;
    default:
      return strategies.find(({ elsewhere }) => elsewhere?.renewer?.by === by)?.elsewhere?.renewer?.text(secret) ?? by;
  }
};

export const status = section({
  read: async (seen): Promise<{ readonly renewal?: RenewalStatus }> => {
    const renewal = await readRenewal(seen.choices, await certificateIn(seen), seen.ctx);
    return renewal ? { renewal } : {};
  },
  rows: ({ renewal }) => (renewal ? [["Renewal", renewalText(renewal)]] : []),
});
