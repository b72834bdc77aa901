import type { LoggedRequest } from "../../app/logs/request.ts";
import type { ServiceStatus, Status } from "../../app/status.ts";
import { byKind, type Change, type ObjectChange } from "../../changes/index.ts";
import type { Plan } from "../../core/change.ts";
import type { Event } from "../../core/event.ts";
import type { Report, StepReport } from "../../core/run.ts";
import type { Remedy } from "../../ports/error.ts";
import { type ObjectRef, refOf } from "../../ports/object.ts";
import { toYaml } from "../../ports/yaml.ts";
import { redact } from "../../secrets/redact.ts";
import type { JsonDoctor } from "../doctor/formats/json.ts";
import type { Problem } from "../fatal.ts";
import { askedOf } from "./asked.ts";
import type { Next } from "./report.ts";
import type { Reporter } from "./reporter.ts";
import { summaryOf } from "./summary.ts";
import type { Versions } from "./versions.ts";

/** Every line carries it, because lines are filtered and logs are cut. It goes up when a field is renamed or removed. */
const VERSION = 1;

type Versioned<T> = T extends { readonly type: string } ? T & { readonly v: typeof VERSION } : never;

/** A change as it is printed. The object itself is left out, because `render` prints it. */
export type JsonChange =
  | Exclude<Change, ObjectChange>
  | (Omit<ObjectChange, "object" | "uid"> & { readonly object: ObjectRef });

/** What a step has changed, without what differed: the plan and `change-done` say that. */
type JsonMade = JsonChange extends infer C ? Omit<C, "fields"> : never;

interface JsonPlan extends Omit<Plan, "steps"> {
  readonly type: "plan";
  readonly choices: NonNullable<Plan["choices"]>;
  /** How many there are in all steps. */
  readonly changes: number;
  readonly steps: readonly (Omit<Plan["steps"][number], "changes"> & { readonly changes: readonly JsonChange[] })[];
}

type EventOf<T extends Event["type"]> = Extract<Event, { readonly type: T }>;
type Retold = "plan" | "change-done" | "step-done" | "person";

type JsonEvent =
  | Exclude<Event, { readonly type: Retold }>
  | JsonPlan
  | (EventOf<"person"> & { readonly lines: string })
  | (Omit<EventOf<"change-done">, "change"> & { readonly change: JsonChange })
  | (Omit<EventOf<"step-done">, "changes"> & { readonly changes: number; readonly summary: string });

interface JsonStep extends Omit<StepReport, "changes"> {
  readonly changes: number;
  readonly made: readonly JsonMade[];
  readonly summary: string;
}

interface JsonReport extends Pick<Report, "outcome" | "seconds"> {
  readonly type: "report";
  readonly steps: readonly JsonStep[];
  readonly next: Next;
}

type JsonError = Problem & { readonly type: "error" };
type JsonStatus = Status & { readonly type: "status"; readonly services?: readonly ServiceStatus[] };

type JsonVersion = Versions & { readonly type: "version" };
type JsonRequest = LoggedRequest & { readonly type: "request" };

interface JsonOpened {
  readonly type: "opened";
  readonly ui: string;
  readonly namespace: string;
  readonly service: string;
  readonly url: string;
  readonly login: Remedy;
}

/** Every line that `-o json` writes, of every command that has a report or events. */
export type JsonLine =
  | Versioned<JsonEvent | JsonReport | JsonError | JsonStatus | JsonVersion | JsonRequest | JsonOpened>
  | JsonDoctor;

const lineOf = <T extends { readonly type: string }>({ type, ...rest }: T): string =>
  `${JSON.stringify({ type, v: VERSION, ...rest })}\n`;

/**
 * For programs: one event per line on stdout. Fields are added over time, never renamed or removed. docs/events.schema.json says what
 * each line holds.
 */
export const jsonReporter = (stdout: (text: string) => void): Reporter => ({
  emit: (event) => stdout(lineOf(eventJson(redact(event)))),
  report: (report, next) => stdout(lineOf(reportJson(redact(report), redact(next)))),
  problem: (problem) => stdout(lineOf<JsonError>({ type: "error", ...redact(problem) })),
});

export const statusJson = (status: Status, services: readonly ServiceStatus[] | undefined): string =>
  lineOf<JsonStatus>({ type: "status", ...status, ...(services ? { services } : {}) });

export const versionJson = (versions: Versions): string => lineOf<JsonVersion>({ type: "version", ...versions });

/** The same result for people and for kubectl's friends. */
export const yamlOf = (line: string): string => toYaml([JSON.parse(line) as Record<string, unknown>]);

export const requestJson = (request: LoggedRequest): string =>
  lineOf<JsonRequest>({ type: "request", ...redact(request) });

export const openedJson = (opened: Omit<JsonOpened, "type">): string =>
  lineOf<JsonOpened>({ type: "opened", ...redact(opened) });

const eventJson = (event: Event): JsonEvent => {
  switch (event.type) {
    case "plan":
      return planJson(event.plan);
    case "change-done":
      return { ...event, change: changeJson(event.change) };
    case "step-done":
      return { ...event, seconds: round(event.seconds), changes: event.changes.length, summary: summaryOf(event) };
    case "person":
      return { ...event, lines: askedOf(event).lines };
    case "step-failed":
      return { ...event, seconds: round(event.seconds) };
    default:
      return event;
  }
};

const planJson = ({ goal, choices = [], steps }: Plan): JsonPlan => ({
  type: "plan",
  goal,
  choices,
  changes: steps.reduce((sum, step) => sum + step.changes.length, 0),
  steps: steps.map(({ step, title, changes, notes }) => ({ step, title, changes: changes.map(changeJson), notes })),
});

/** Redaction must have happened: it needs the object to know that a difference is about a Secret. */
const changeJson = byKind<[], JsonChange>(
  { object: ({ object, uid: _uid, ...change }) => ({ ...change, object: refOf(object) }) },
  (change) => change as Exclude<Change, ObjectChange>,
);

const reportJson = ({ outcome, seconds, steps }: Report, next: Next): JsonReport => ({
  type: "report",
  outcome,
  seconds: round(seconds),
  steps: steps.map(stepJson),
  next,
});

const stepJson = ({ changes, ...step }: StepReport): JsonStep => ({
  ...step,
  startedAt: round(step.startedAt),
  seconds: round(step.seconds),
  changes: changes.length,
  made: changes.map(changeJson).map(({ fields: _fields, ...made }) => made),
  summary: step.status === "done" ? summaryOf({ changes, findings: step.findings }) : (step.error ?? ""),
});

const round = (seconds: number): number => Math.round(seconds * 1000) / 1000;
