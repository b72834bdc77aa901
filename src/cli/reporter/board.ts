import type { Event } from "../../core/event.ts";
import { askedOf } from "./asked.ts";
import type { Wait } from "./list.ts";
import { commandLines, count, cut, elapsed, type Look, legible, paint, size, wrap } from "./look.ts";
import { type Running, type Steps, waitOf } from "./steps.ts";

/** Keeps track, from events, of what is going on at the moment. */
export interface Board {
  readonly take: (event: Event) => void;
  readonly isBusy: () => boolean;
  /** Forgets everything: the run is over. */
  readonly clear: () => void;
  /** Returns at most `rows` lines, more only when a command to copy is longer than a line. `frame` counts up and turns the spinners. */
  readonly lines: (look: Look, rows: number, frame: number) => readonly string[];
}

interface Download {
  readonly bytes: number;
  readonly total?: number;
}

/** A wait that lasts longer than this shows what can be done about it. */
const PATIENCE_SECONDS = 10;

/** A terminal with this many columns or more has room for words. */
const ROOMY = 60;

/** How many lines of a reason are shown, and whether what to do about it is. The first entry that fits the screen is taken. */
const DETAILS = [
  { reason: 3, remedy: true },
  { reason: 1, remedy: true },
  { reason: 1, remedy: false },
  { reason: 0, remedy: false },
] as const;

const FRAMES = { unicode: [..."⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"], ascii: [..."-\\|/"] };

/** Titles for waits that belong to no step. */
const OUTSIDE: Readonly<Record<string, string>> = {
  cluster: "Reach the cluster",
  dns: "Reach the DNS provider",
  lock: "Wait for the lock",
};

/** `now`: seconds of a clock that never goes back. */
export const createBoard = (now: () => number, steps: Steps): Board => {
  const downloads = new Map<string, Download>();
  const outside = new Map<string, Wait & { readonly start: number }>();

  const waiting = (event: Event & { type: "waiting" }): void => {
    if (steps.isRunning(event.step)) return;
    const last = outside.get(event.step);
    outside.set(event.step, { ...waitOf(last, event, now()), start: last?.start ?? now() });
  };

  const take = (told: Event): void => {
    const event = told.type === "person" ? askedOf(told) : told;
    // Any other event shows that a wait outside of the steps is over.
    if (event.type !== "waiting" && event.type !== "download") outside.clear();
    switch (event.type) {
      case "waiting":
        waiting(event);
        break;
      case "download": {
        const { file, bytes, total } = event;
        downloads.set(file, { bytes, ...(total === undefined ? {} : { total }) });
        break;
      }
      case "target":
      case "plan":
        downloads.clear();
        break;
    }
    steps.take(event);
  };

  const blocks = (look: Look, frame: number, detail: (typeof DETAILS)[number]): readonly (readonly string[])[] => {
    const frames = look.unicode ? FRAMES.unicode : FRAMES.ascii;
    const head = (title: string, since: number, facts: readonly string[] = []): string => {
      const tail = [...facts, clock(now() - since)].map((fact) => `, ${fact}`).join("");
      const name = cut(legible(title, look), look.columns - 3 - tail.length, look);
      return `${paint("yellow", frames[frame % frames.length] ?? "", look)} ${name}${paint("dim", tail, look)}`;
    };
    const told = (wait: Wait | undefined): readonly string[] => {
      if (!wait) return [];
      const late = now() - wait.since > PATIENCE_SECONDS && detail.remedy;
      return [
        ...indented(wait.reason, detail.reason, look).map((line) => paint("dim", line, look)),
        ...(late && wait.remedy
          ? [...indented(wait.remedy.text, 3, look), ...commandLines(look, 4, wait.remedy.command)]
          : []),
      ];
    };
    return [
      ...(downloads.size > 0 ? [[downloadLine(look, frames[frame % frames.length] ?? "")]] : []),
      ...[...outside].map(([id, wait]) => [head(OUTSIDE[id] ?? id, wait.start), ...told(wait)]),
      ...steps
        .running()
        .map((step) => [
          head(step.title, step.since, step.changes > 1 && step.done < step.changes ? [progress(step, look)] : []),
          ...told(step.wait),
        ]),
    ];
  };

  const downloadLine = (look: Look, sign: string): string => {
    const all = [...downloads.values()];
    const bytes = all.reduce((sum, file) => sum + file.bytes, 0);
    const whole = all.every((file) => file.total !== undefined)
      ? ` of ${size(all.reduce((sum, file) => sum + (file.total ?? 0), 0))}`
      : "";
    const [first = ""] =
      [...downloads].findLast(([, { bytes, total }]) => bytes !== total) ?? [...downloads.keys()].slice(-1);
    const text = `Downloading ${count(all.length, "file")}, ${size(bytes)}${whole}: ${first}`;
    return `${paint("yellow", sign, look)} ${cut(legible(text, look), look.columns - 3, look)}`;
  };

  return {
    take,
    isBusy: () => steps.isBusy() || downloads.size + outside.size > 0,
    clear: () => {
      for (const map of [downloads, outside]) map.clear();
      steps.close();
    },
    lines: (look, rows, frame) => {
      const { done, total, began } = steps.progress();
      const last =
        steps.isBusy() && began !== undefined
          ? [
              paint(
                "dim",
                cut(`${done} of ${count(total, "step")} done, ${clock(now() - began)}`, look.columns - 1, look),
                look,
              ),
            ]
          : [];
      const room = rows - last.length;
      const [least = []] = DETAILS.map((detail) => blocks(look, frame, detail).flat()).filter(
        (lines, index) => lines.length <= room || index === DETAILS.length - 1,
      );
      const more = least.length - room;
      const shown =
        more > 0
          ? [...least.slice(0, room - 1), cut(legible(`… ${more + 1} more`, look), look.columns - 1, look)]
          : least;
      return shown.length > 0 ? [...shown, ...last] : [];
    },
  };
};

const progress = ({ done, changes }: Running, { columns }: Look): string =>
  columns < ROOMY ? `${done}/${changes}` : `${done} of ${count(changes, "change")}`;

const indented = (text: string, most: number, look: Look): readonly string[] => {
  const lines = wrap(legible(text, look), look.columns - 3);
  const kept = lines.slice(0, most);
  const last = kept.pop();
  if (last === undefined) return [];
  const end = lines.length > most ? cut(`${last} ${lines[most]}`, look.columns - 3, look) : last;
  return [...kept, end].map((line) => `  ${line}`);
};

/** `31 s`, `1 min 12 s`: tenths are left out, because they would flicker. */
const clock = (seconds: number): string => (seconds < 10 ? `${Math.floor(seconds)} s` : elapsed(Math.floor(seconds)));
