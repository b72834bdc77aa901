import { setTimeout as sleep } from "node:timers/promises";
import type { Change, ChangeInfo, ResourceRecordSet } from "@aws-sdk/client-route-53";
import { UserError } from "../../ports/error.ts";
import { sh } from "../../ports/shell.ts";
import {
  absolute,
  type RecordSet,
  type RecordSetChange,
  sameSet,
  type Zone,
  ZoneMoved,
  ZonesUnreachable,
} from "../../ports/zones.ts";
import { type Access, asking } from "./asking.ts";
import { Garbled } from "./problems.ts";
import { setsOf } from "./read.ts";
import { normalSet, type Route53Set, writeSet } from "./record-sets.ts";

const ACTION = "route53:ChangeResourceRecordSets";
/** Of one request (Developer Guide, "Quotas"). */
const MOST_RECORDS = 1000;
const MOST_CHARACTERS = 32_000;
const LONGEST_WAIT_MS = 600_000;

export interface Writing extends Access {
  /** Serialises what is sent: a zone takes one change at a time, and the account five requests a second. */
  readonly inTurn: <T>(task: () => Promise<T>) => Promise<T>;
  /** How many tries of changes have had no answer so far. */
  readonly lostAnswers: () => number;
  /** Before each look whether the change has reached all servers; the last one repeats. */
  readonly pollMs: readonly number[];
}

const sameRouting = (a: Route53Set, b: Route53Set): boolean => a.routing?.id === b.routing?.id;
const described = (zone: Zone, { name, type }: RecordSet): string => `${absolute(zone, name)} ${type}`;

/** The set as Route 53 has it, found equal to what the caller read. A DELETE must name it in Route 53's own spelling. */
const seenAs = async (access: Access, zone: Zone, from: RecordSet): Promise<ResourceRecordSet> => {
  const sets = await setsOf(access, zone, from.name, from.type);
  const now = sets.find(({ set }) => sameRouting(set, from));
  if (!now) throw new ZoneMoved(`${described(zone, from)} was there when it was read and is gone`);
  if (!sameSet(now.set, from)) throw new ZoneMoved(`${described(zone, from)} is no longer as it was read`);
  return now.raw;
};

const refuseBeyondLimits = (zone: Zone, batch: readonly Change[]): void => {
  const values = batch.flatMap(
    ({ ResourceRecordSet: set }) => set?.ResourceRecords?.map(({ Value = "" }) => Value) ?? [""],
  );
  const characters = values.reduce((sum, value) => sum + value.length, 0);
  if (values.length <= MOST_RECORDS && characters <= MOST_CHARACTERS) return;
  throw new UserError({
    id: "dns.route53.limits",
    what: `These changes in ${zone.name} are more than Route 53 takes at once; nothing was written.`,
    why: `They are ${values.length} records of ${characters} characters; at most ${MOST_RECORDS} and ${MOST_CHARACTERS} fit into one batch, and in two they would not be all or nothing.`,
    remedy: {
      text: "Take fewer namespaces at a time.",
      command: sh`kn-bootstrap plan --namespaces NAME,NAME`,
    },
    kind: "input",
  });
};

/** After a try without an answer: whether it was carried out all the same, so that its repetition met its own work. */
const isDone = async (access: Access, zone: Zone, changes: readonly RecordSetChange[]): Promise<boolean> => {
  for (const { from, to } of changes) {
    const place = to ?? from;
    if (!place) continue;
    const sets = await setsOf(access, zone, place.name, place.type);
    const now = sets.find(({ set }) => sameRouting(set, place))?.set;
    if (!sameSet(now, to)) return false;
  }
  return true;
};

/** The same records again, exactly: writes nothing new, but has an id that can be followed. */
const again = (zone: Zone, changes: readonly RecordSetChange[]): readonly Change[] => {
  const sets = changes.flatMap(({ to }) => (to ? [writeSet(zone, to)] : []));
  return [
    ...sets.map((set) => ({ Action: "DELETE", ResourceRecordSet: set }) as const),
    ...sets.map((set) => ({ Action: "CREATE", ResourceRecordSet: set }) as const),
  ];
};

const isChange = ({ ChangeInfo: info }: { readonly ChangeInfo?: ChangeInfo | undefined }): boolean =>
  Boolean(info?.Id) && (info?.Status === "PENDING" || info?.Status === "INSYNC");

/** Resolves to the change's id; undefined: it is done and there is none to follow. */
const send = async (writing: Writing, zone: Zone, changes: readonly RecordSetChange[]): Promise<string | undefined> => {
  const deletions: Change[] = [];
  for (const { from } of changes)
    if (from) deletions.push({ Action: "DELETE", ResourceRecordSet: await seenAs(writing, zone, from) });
  // Deletions first: Route 53 checks in this order, and a CNAME may stand only where nothing else is left.
  const batch: readonly Change[] = [
    ...deletions,
    ...changes.flatMap(({ to }) => (to ? [{ Action: "CREATE", ResourceRecordSet: writeSet(zone, to) } as const] : [])),
  ];
  refuseBeyondLimits(zone, batch);
  const post = async (changed: readonly Change[]): Promise<string | undefined> => {
    const { ChangeInfo } = await asking(
      writing,
      ACTION,
      zone,
      (http) =>
        writing.client.changeResourceRecordSets(
          { HostedZoneId: zone.id, ChangeBatch: { Changes: [...changed] } },
          http,
        ),
      isChange,
    );
    return ChangeInfo?.Status === "INSYNC" ? undefined : ChangeInfo?.Id;
  };
  const lost = writing.lostAnswers();
  try {
    return await post(batch);
  } catch (error) {
    const isLost = error instanceof Garbled || writing.lostAnswers() !== lost;
    if (!isLost || !(error instanceof ZoneMoved || error instanceof ZonesUnreachable)) throw error;
    if (!(await isDone(writing, zone, changes))) throw error;
    const repeated = again(zone, changes);
    return repeated.length === 0 ? undefined : post(repeated);
  }
};

/** A person who mends the rights must know that the records are there already. */
const afterWriting = (zone: Zone, error: unknown): unknown =>
  error instanceof UserError
    ? new UserError({
        id: error.id,
        what: `${error.message} The records in ${zone.name} are written, but whether all servers have them is not known.`,
        ...(error.why === undefined ? {} : { why: error.why }),
        remedy: error.remedy,
        kind: error.kind,
        cause: error.cause,
      })
    : error;

/** Until Route 53 says INSYNC. The SDK's own waiter starts with 30 s. */
const followed = async (writing: Writing, zone: Zone, id: string): Promise<void> => {
  let waited = 0;
  for (let look = 0; ; look += 1) {
    const pause = writing.pollMs[Math.min(look, writing.pollMs.length - 1)] ?? 0;
    await sleep(pause, undefined, { signal: writing.signal }).catch(() => writing.signal.throwIfAborted());
    waited += pause;
    const { ChangeInfo } = await asking(
      writing,
      "route53:GetChange",
      zone,
      (http) => writing.client.getChange({ Id: id }, http),
      isChange,
    ).catch((error: unknown) => {
      throw afterWriting(zone, error);
    });
    if (ChangeInfo?.Status === "INSYNC") return;
    if (waited > LONGEST_WAIT_MS)
      throw new ZonesUnreachable(
        `Route 53 accepted a change of ${zone.name} and is still ${ChangeInfo?.Status} after 10 minutes`,
      );
    writing.onTrouble(
      `Route 53 has accepted the change of ${zone.name} and takes it to its servers (${ChangeInfo?.Status})`,
    );
  }
};

/** Errors: as the port says. Nothing is sent when nothing would change. */
export const changeSets = async (writing: Writing, zone: Zone, changes: readonly RecordSetChange[]): Promise<void> => {
  const wanted = changes
    .map(({ from, to }) => ({ ...(from ? { from: normalSet(from) } : {}), ...(to ? { to: normalSet(to) } : {}) }))
    .filter(({ from, to }) => !sameSet(from, to));
  writing.signal.throwIfAborted();
  if (wanted.length === 0) return;
  const id = await writing.inTurn(() => send(writing, zone, wanted));
  if (id !== undefined) await followed(writing, zone, id);
};
