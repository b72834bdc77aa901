import { isRecord } from "../ports/object.ts";
import type { RecordSet } from "../ports/zones.ts";

/** Key of the state ConfigMap: what was published and in which zone, so that uninstall takes that away and nothing else. */
export const PUBLISHED = "records";

export const recordSetsIn = (value: unknown): readonly RecordSet[] =>
  Array.isArray(value)
    ? value.filter(
        (set): set is RecordSet => isRecord(set) && "name" in set && "type" in set && Array.isArray(set.values),
      )
    : [];
