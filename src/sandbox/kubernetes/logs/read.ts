import { badRequest } from "../../api/status.ts";
import type { Api, NodeAnswer, NodeCall, Obj } from "../../types.ts";
import { type Entry, readEntry } from "./cri.ts";
import type { LogFile, Logs } from "./files.ts";
import { type LogOptions, logContainerOf, logOptionsOf } from "./options.ts";

/**
 * Answers the `log` subresource of pods as the API server and the kubelet behind it do: of the file that is open, nothing of those that
 * are rotated. Throws StatusError.
 */
export const podLog = (api: Api, logs: Logs, { pod, query }: NodeCall): NodeAnswer => {
  const options = logOptionsOf(query, pod.metadata.name);
  const container = logContainerOf(pod, query.container);
  if (!pod.spec.nodeName) return { status: 200, body: "" };
  const restarts = restartsToRead(pod, container, options.previous);
  const file = logs.file(pod, container, restarts);
  if (!file) return { status: 200, body: `unable to retrieve container logs for ${lastId(pod, container)}` };
  const { take, isFull } = createReader(options);
  const begin = firstEntry(file, options.tailLines);
  const there = file.entries.slice(begin).map(take);
  const body = Buffer.concat(there);
  if (!options.follow || isFull()) return { status: 200, body };
  return { status: 200, body, stream: following(api, logs, { pod, container, restarts, file, take, isFull }) };
};

interface Following {
  readonly pod: Obj;
  readonly container: string;
  readonly restarts: number;
  readonly file: LogFile;
  readonly take: (entry: Buffer) => Buffer;
  readonly isFull: () => boolean;
}

/** What is written from now on, until the container has ended. A rotated file is left for the new one. */
const following = (api: Api, logs: Logs, { pod, container, restarts, take, isFull, ...from }: Following) => {
  let { file } = from;
  let next = file.entries.length;
  return (write: (text: string | Buffer) => void, end: () => void): (() => void) => {
    const flush = (): void => {
      for (; next < file.entries.length && !isFull(); next += 1) write(take(file.entries[next] as Buffer));
    };
    const look = (): void => {
      flush();
      const current = logs.file(pod, container, restarts);
      if (current && current !== file) {
        file = current;
        next = 0;
        flush();
      }
      const now = api.get({ apiVersion: "v1", kind: "Pod", ...nameOf(pod) });
      const isGone = now?.metadata.uid !== pod.metadata.uid;
      if (!isFull() && !isGone && now && runs(now, container, restarts)) return;
      stop();
      end();
    };
    const offs = [
      logs.onWrite(({ path }) => {
        if (path === from.file.path || path === file.path) look();
      }),
      api.onChange(({ object }) => {
        if (object.metadata.uid === pod.metadata.uid) look();
      }),
    ];
    const stop = (): void => {
      for (const off of offs) off();
    };
    look();
    return stop;
  };
};

const nameOf = ({ metadata: { namespace = "", name } }: Obj) => ({ namespace, name });

const statusOf = ({ status }: Obj, container: string): Obj | undefined =>
  [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].find(
    ({ name }) => name === container,
  );

const runs = (pod: Obj, container: string, restarts: number): boolean => {
  const status = statusOf(pod, container);
  return status?.state?.running !== undefined && status.restartCount === restarts;
};

const lastId = (pod: Obj, container: string): string => statusOf(pod, container)?.containerID ?? "";

/** Which run of the container is meant. Throws StatusError 400 in the kubelet's words (kubelet_pods.go, validateContainerLogStatus). */
const restartsToRead = (pod: Obj, container: string, previous: boolean): number => {
  const status = statusOf(pod, container);
  const which = `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)}`;
  if (!status) throw badRequest(`${which} is not available`);
  const { state = {}, lastState = {}, restartCount } = status;
  const ended: string | undefined = lastState.terminated?.containerID;
  // While it waits to be started again, the run that has ended is the last.
  const last = state.waiting && ended ? restartCount : restartCount - 1;
  if (previous && !ended) throw badRequest(`previous terminated ${which} not found`);
  if (previous) return last;
  if (state.running || state.terminated) return restartCount;
  if (ended) return last;
  const reason: string | undefined = state.waiting?.reason;
  throw badRequest(`${which} is waiting to start: ${WAITING[reason ?? ""] ?? reason ?? "no logs yet"}`);
};

const WAITING: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: "trying and failing to pull image",
};

/** The last of them count also where they are parts of lines. */
const firstEntry = ({ entries }: LogFile, tailLines: number | undefined): number =>
  tailLines === undefined ? 0 : Math.max(0, entries.length - tailLines);

/** Makes of entries what is sent; it has state: how much was sent, and whether a line is at its beginning. */
const createReader = ({ since, timestamps, limitBytes = Number.POSITIVE_INFINITY }: LogOptions) => {
  let left = limitBytes;
  let isNewLine = true;
  const shown = (entry: Entry): Buffer => {
    if (Date.parse(entry.time) < since) return Buffer.alloc(0);
    const head = timestamps && isNewLine ? [Buffer.from(`${entry.time} `)] : [];
    return Buffer.concat([...head, entry.text]).subarray(0, left);
  };
  return {
    isFull: () => left <= 0,
    take: (bytes: Buffer): Buffer => {
      const entry = readEntry(bytes);
      if (!entry) return Buffer.alloc(0);
      const text = shown(entry);
      left -= text.length;
      isNewLine = entry.text.length === 0 || entry.text.at(-1) === 0x0a;
      return text;
    },
  };
};
