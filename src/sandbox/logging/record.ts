import { readEntry } from "../kubernetes/logs/cri.ts";
import type { LogFile } from "../kubernetes/logs/files.ts";
import type { Api, Obj } from "../types.ts";

/** A line of a container, with the pod that wrote it where the API still knows it. */
export interface Line {
  readonly time: string;
  readonly stream: string;
  readonly text: string;
  readonly namespace: string;
  readonly name: string;
  readonly container: string;
  readonly pod: Obj | undefined;
  /** The entry of the file behind it. */
  readonly end: number;
}

/** Whole lines from an entry on: what stands in parts is put together, as the CRI parsers of Fluent Bit and Filebeat do. */
export const linesOf = (api: Api, file: LogFile, from: number): readonly Line[] => {
  const [, name = "", namespace = "", container = ""] =
    /\/([^/_]+)_([^/_]+)_([^/]+)-[0-9a-f]{64}\.log$/.exec(file.link ?? "") ?? [];
  const pod = api.get({ apiVersion: "v1", kind: "Pod", namespace, name });
  const lines: Line[] = [];
  let parts: Buffer[] = [];
  for (const [index, bytes] of file.entries.slice(from).entries()) {
    const entry = readEntry(bytes);
    if (!entry) continue;
    parts.push(entry.text);
    if (entry.isPartial) continue;
    const text = Buffer.concat(parts).toString().replace(/\n$/, "");
    parts = [];
    const end = from + index + 1;
    lines.push({ time: entry.time, stream: entry.stream, text, namespace, name, container, pod, end });
  }
  return lines;
};

/** As `path` and `paths` are matched: `*` stands for anything but a slash. */
export const matches = (glob: string, path: string): boolean =>
  new RegExp(
    `^${glob
      .split("*")
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join("[^/]*")}$`,
  ).test(path);

/** An object where the text is one in JSON; undefined for anything else. */
export const jsonIn = (text: string): Readonly<Record<string, unknown>> | undefined => {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
