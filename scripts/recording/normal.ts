import type { Frame } from "./terminal.ts";

/** Ports that people know, in the order in which the run's own ones appear. */
const PORTS = ["6443", "14000", "8053", "8080"];

/**
 * The same frames without what is another in each run or says something of the machine: ports of the loopback, paths of temporary files
 * and of this repository, random ids.
 */
export const normalised = (frames: readonly Frame[], root: string): readonly Frame[] => {
  const ports = new Map<string, string>();
  const port = (found: string): string => {
    const known = ports.get(found) ?? PORTS[ports.size] ?? "8443";
    ports.set(found, known);
    return known;
  };
  const clean = (line: string): string =>
    line
      .replaceAll(root, "~/kn-bootstrap")
      .replace(/(\/tmp|\/var\/folders)\/[^\s'"]+/g, "/tmp/run")
      .replace(/(127\.0\.0\.1:)(\d{4,5})\b/g, (_, host: string, found: string) => host + port(found))
      .replace(/\bZ0{6}[0-9A-Z]+/g, "Z0123456789ABC")
      .replace(
        /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g,
        "00000000-0000-4000-8000-000000000000",
      );
  return frames.map(({ at, lines }) => ({ at, lines: lines.map(clean) }));
};

export interface Direction {
  readonly prompt: string;
  /** Longest time in which nothing happens, in seconds. */
  readonly pause: number;
  /** The first screen with this stays for so many seconds, to be read. */
  readonly hold: { readonly at: RegExp; readonly seconds: number };
}

/** The prompt is typed a piece at a time, at the speed of a quick person; then the run. */
export const directed = (frames: readonly Frame[], { prompt, pause, hold }: Direction): readonly Frame[] => {
  const words = prompt.split(/(?<= )/);
  const typed = words.map((_, index) => ({ at: 0.4 + index * 0.25, lines: [words.slice(0, index + 1).join("")] }));
  let now = (typed.at(-1)?.at ?? 0) + 0.6;
  let last = frames[0]?.at ?? 0;
  const held = frames.findIndex(({ lines }) => lines.some((line) => hold.at.test(line)));
  return [
    { at: 0, lines: ["$"] },
    ...typed,
    ...frames.map(({ at, lines }, index) => {
      now += Math.min(pause, at - last) + (index > 0 && index === held + 1 ? hold.seconds : 0);
      last = at;
      return { at: now, lines };
    }),
  ];
};
