/** What an update asks for and does: RFC 2136 §3. */

import { isWithin } from "../names.ts";
import { canonical } from "../values.ts";
import type { Rcode } from "../wire.ts";
import type { Draft, RecordSet, Records } from "../zone.ts";
import { type RawMessage, type RawRecord, recordValue, typeName } from "./message.ts";

const CLASS_IN = 1;
const CLASS_NONE = 254;
const CLASS_ANY = 255;
const TYPE_ANY = 255;
/** Transfers, questions about all mail types, and what only carries a message. */
const isMetaType = (type: number): boolean => type === 41 || (type >= 128 && type <= 255);

class Refusal extends Error {
  readonly rcode: Rcode;
  constructor(rcode: Rcode) {
    super(rcode);
    this.name = "Refusal";
    this.rcode = rcode;
  }
}

/** What a server makes of the TTLs that it is given, in seconds. */
export interface Ttls {
  readonly least?: number;
  readonly most?: number;
}

/** All of it or nothing. */
export const applyUpdate = (
  message: RawMessage,
  apex: string,
  records: Records,
  /** `types`: what the key may change; any when undefined. */
  { ttls, types }: { readonly ttls: Ttls; readonly types: readonly string[] | undefined },
): Rcode => {
  try {
    records.edit((draft) => {
      requirePrerequisites(message, apex, draft);
      for (const { type } of message.authority) need(types?.includes(typeName(type) ?? "") ?? true, "REFUSED");
      checkUpdates(message, apex);
      for (const record of message.authority) update(message, record, apex, draft, ttls);
    });
    return "NOERROR";
  } catch (error) {
    if (error instanceof Refusal) return error.rcode;
    throw error;
  }
};

const need = (holds: boolean, rcode: Rcode): void => {
  if (!holds) throw new Refusal(rcode);
};

/** §3.2 */
const requirePrerequisites = (message: RawMessage, apex: string, draft: Draft): void => {
  const exact = new Map<string, { name: string; type: number; values: string[] }>();
  for (const record of message.answers) {
    const { name, type, ttl } = record;
    need(ttl === 0, "FORMERR");
    need(isWithin(name, apex), "NOTZONE");
    const exists = type === TYPE_ANY ? draft.at(name).length > 0 : setOf(draft, name, type) !== undefined;
    switch (record.class) {
      case CLASS_ANY:
        need(isEmpty(record), "FORMERR");
        need(exists, type === TYPE_ANY ? "NXDOMAIN" : "NXRRSET");
        break;
      case CLASS_NONE:
        need(isEmpty(record), "FORMERR");
        need(!exists, type === TYPE_ANY ? "YXDOMAIN" : "YXRRSET");
        break;
      case CLASS_IN: {
        const wanted = exact.get(`${name} ${type}`) ?? { name, type, values: [] };
        exact.set(`${name} ${type}`, wanted);
        wanted.values.push(valueIn(message, record));
        break;
      }
      default:
        throw new Refusal("FORMERR");
    }
  }
  for (const { name, type, values } of exact.values()) {
    const now = setOf(draft, name, type);
    const have = (now?.values ?? []).map((value) => canonical(now?.type ?? "", value));
    need(JSON.stringify(have.sort()) === JSON.stringify([...new Set(values)].sort()), "NXRRSET");
  }
};

/** §3.4.1 */
const checkUpdates = (message: RawMessage, apex: string): void => {
  for (const record of message.authority) {
    const { name, type, ttl } = record;
    need(isWithin(name, apex), "NOTZONE");
    const anyType = type === TYPE_ANY;
    switch (record.class) {
      case CLASS_IN:
        need(!isMetaType(type), "FORMERR");
        break;
      case CLASS_ANY:
        need(ttl === 0 && isEmpty(record) && (anyType || !isMetaType(type)), "FORMERR");
        break;
      case CLASS_NONE:
        need(ttl === 0 && !isMetaType(type), "FORMERR");
        break;
      default:
        throw new Refusal("FORMERR");
    }
  }
};

/** §3.4.2 */
const update = (message: RawMessage, record: RawRecord, apex: string, draft: Draft, ttls: Ttls): void => {
  if (record.class === CLASS_IN) add(message, record, draft, ttls);
  else if (record.class === CLASS_NONE) removeRecord(message, record, apex, draft);
  else removeSets(record, apex, draft);
};

const add = (message: RawMessage, record: RawRecord, draft: Draft, { least = 0, most = Infinity }: Ttls): void => {
  const { name } = record;
  const ttl = Math.min(Math.max(record.ttl, least), most);
  const type = typeName(record.type);
  need(type !== undefined, "REFUSED");
  const value = valueIn(message, record);
  const beside = draft.at(name).filter((set) => set.type !== type);
  const conflicts = type === "CNAME" ? beside.length > 0 : beside.some((set) => set.type === "CNAME");
  if (type === undefined || conflicts) return;
  const now = draft.get(name, type);
  if (type === "SOA" && !isNewer(value, now?.values[0])) return;
  const single = type === "CNAME" || type === "SOA";
  const others = single ? [] : (now?.values ?? []).filter((other) => canonical(type, other) !== value);
  draft.put({ name, type, ttl, values: [...others, value] });
};

/** By serial (RFC 1982); there must be a SOA already. */
const isNewer = (soa: string, than: string | undefined): boolean => {
  const ahead = (Number(soa.split(" ")[2]) - Number(than?.split(" ")[2])) | 0;
  return than !== undefined && ahead > 0;
};

const removeSets = ({ name, type }: RawRecord, apex: string, draft: Draft): void => {
  for (const set of draft.at(name)) {
    const kept = name === apex && (set.type === "SOA" || set.type === "NS");
    if (!kept && (type === TYPE_ANY || set.type === typeName(type))) draft.remove(name, set.type, set.routing?.id);
  }
};

const removeRecord = (message: RawMessage, record: RawRecord, apex: string, draft: Draft): void => {
  const { name } = record;
  const now = setOf(draft, name, record.type);
  if (!now || now.type === "SOA") return;
  const value = valueIn(message, record);
  const values = now.values.filter((other) => canonical(now.type, other) !== value);
  if (values.length === now.values.length) return;
  if (values.length > 0) draft.put({ ...now, values });
  else if (name !== apex || now.type !== "NS") draft.remove(name, now.type);
};

const setOf = (draft: Draft, name: string, type: number): RecordSet | undefined => {
  const known = typeName(type);
  return known === undefined ? undefined : draft.get(name, known);
};

const isEmpty = ({ dataStart, end }: RawRecord): boolean => dataStart === end;

const valueIn = (message: RawMessage, record: RawRecord): string => {
  const value = recordValue(message, record);
  if (value === undefined) throw new Refusal(typeName(record.type) === undefined ? "REFUSED" : "FORMERR");
  return value;
};
