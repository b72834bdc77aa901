import type { Status } from "../../app/status.ts";
import type { Event } from "../../core/event.ts";
import type { Report } from "../../core/run.ts";
import { redact, redactText } from "../../secrets/redact.ts";
import type { Problem } from "../fatal.ts";
import type { Next } from "../reporter/report.ts";
import type { Reporter } from "../reporter/reporter.ts";

/** What was asked for on the command line, as the page shows it. */
export interface Asked {
  /** As it was typed. */
  readonly commandLine: string;
  readonly command: string;
  /** Of kn-bootstrap. */
  readonly version: string;
  /** Choices; absent where the command goes by what is installed. */
  readonly dns?: string;
  readonly tls?: string;
  readonly ingress?: string;
  readonly domain?: string;
}

/** All that is known of one run, redacted. What did not happen is absent. */
export interface Recording {
  readonly asked: Asked;
  readonly began: Date;
  /** Until now, or to the end. */
  readonly seconds: number;
  /** `at`: seconds since it began. */
  readonly events: readonly Moment[];
  readonly report?: Report;
  readonly next: Next;
  readonly problem?: Problem;
  /** The installation as it was seen after the run. */
  readonly status?: Status;
}

export interface Moment<E extends Event = Event> {
  readonly at: number;
  readonly event: E;
}

export interface Recorder extends Reporter {
  /** Replaces what was asked for so far. */
  readonly ask: (asked: Asked) => void;
  readonly see: (status: Status) => void;
  readonly recording: () => Recording;
}

/** A reporter that keeps everything, redacted. `now`: milliseconds since 1970. */
export const createRecorder = (first: Asked, now: () => number): Recorder => {
  const began = now();
  const since = (): number => (now() - began) / 1000;
  const events: Moment[] = [];
  let asked = first;
  let end: Pick<Recording, "report" | "problem" | "status"> & { next: Next } = { next: [] };
  return {
    emit: (event) => {
      // Only the end of a download is kept: the page shows sizes.
      if (event.type === "download" && event.total !== undefined && event.bytes < event.total) return;
      events.push({ at: since(), event: redact(event) });
    },
    report: ({ error: _error, ...report }, next) => {
      end = { ...end, report: redact(report), next: redact(next) };
    },
    problem: (problem) => {
      end = { ...end, problem: redact(problem) };
    },
    ask: (other) => {
      asked = other;
    },
    see: (status) => {
      end = { ...end, status: redact(status) };
    },
    recording: () => ({
      asked: { ...asked, commandLine: redactText(asked.commandLine) },
      began: new Date(began),
      seconds: since(),
      events,
      ...end,
    }),
  };
};

/** The events of one type, with their times. */
export const eventsOf = <T extends Event["type"]>(
  { events }: Recording,
  type: T,
): readonly Moment<Event & { type: T }>[] =>
  events.filter((moment): moment is Moment<Event & { type: T }> => moment.event.type === type);
