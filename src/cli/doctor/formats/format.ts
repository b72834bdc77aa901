import type { Diagnosis } from "../../../app/doctor/diagnosis.ts";
import type { Forecast } from "../../../app/doctor/fixing/index.ts";
import type { Look } from "../../reporter/look.ts";

/** What there is to tell. */
export interface Told {
  readonly diagnosis: Diagnosis;
  readonly context: string;
  readonly server: string;
  /** When it was looked at: ISO 8601. */
  readonly at: string;
  /** How long it took. Absent: it was looked at a recording. */
  readonly seconds?: number;
  /** What would be found once the fixes are made, where some are planned. */
  readonly forecast?: Forecast;
  /** Whether others are told of beside it, so that a line has to say whose it is. */
  readonly isOneOfSeveral?: boolean;
  readonly verbose: boolean;
  readonly look: Look;
  /** What the text adds of its own, as it is called here; its findings are so already. Absent: as it stands. */
  readonly called?: <T>(data: T) => T;
}

export type Format = (told: Told) => string;

/** The page that tells more, at this check. */
export const anchorOf = (id: string): string => `docs/checks.md#${id.replace(".", "")}`;
