import { gzipSync } from "node:zlib";
import type { Obj } from "../../types.ts";
import { containerHash } from "../container-id.ts";
import { entriesOf, type Stream } from "./cri.ts";

/** A file below /var/log/pods of a node. Its name changes when it is rotated, its content only grows. */
export interface LogFile {
  readonly node: string;
  /** `/var/log/pods/NAMESPACE_POD_UID/CONTAINER/RESTARTS.log`, with the time behind it once it is rotated, and `.gz` later. */
  readonly path: string;
  /** What leads to it from /var/log/containers; none to a rotated one. */
  readonly link: string | undefined;
  /** Bytes. */
  readonly size: number;
  /** Each with its end; one alone, compressed, in a file that ends in `.gz`. */
  readonly entries: readonly Buffer[];
  /** Its content from a byte on. */
  readonly read: (from?: number) => Buffer;
}

/** What the containers of this world have written, as files of their nodes. */
export interface Logs {
  /** A line of a program, without its end; to standard output unless said otherwise. */
  readonly write: (pod: Obj, container: string, line: string, stream?: Stream) => void;
  /** A container is started for this time, 0 for the first: it gets a file of its own. */
  readonly open: (pod: Obj, container: string, restarts: number) => void;
  /** The file that a container of this many restarts writes to or wrote to last. */
  readonly file: (pod: Obj, container: string, restarts: number) => LogFile | undefined;
  readonly forget: (pod: Obj) => void;
  /** All that lie on a node. */
  readonly on: (node: string) => readonly LogFile[];
  /** Called when something was written, to the file that has it. */
  readonly onWrite: (listener: (file: LogFile) => void) => () => void;
}

/** What a kubelet has by default: containerLogMaxSize and containerLogMaxFiles. */
const LIMITS = { maxBytes: 10 * 1024 * 1024, maxFiles: 5 };

interface Growing extends LogFile {
  path: string;
  link: string | undefined;
  size: number;
  entries: Buffer[];
}

/** Empty files of nobody. `maxBytes`: what is larger is rotated; `maxFiles`: how many are kept of a container, the open one included. */
export const createLogs = ({ maxBytes, maxFiles } = LIMITS): Logs => {
  const files = new Map<string, Growing>();
  const restartsOf = new Map<string, number>();
  let rotatedAt = 0;
  const listeners = new Set<(file: LogFile) => void>();

  const create = (node: string, path: string, link?: string): Growing => {
    const file: Growing = {
      node,
      path,
      link,
      size: 0,
      entries: [],
      read: (from = 0) => Buffer.concat(file.entries).subarray(from),
    };
    files.set(key(node, path), file);
    return file;
  };

  const move = (file: Growing, path: string): void => {
    files.delete(key(file.node, file.path));
    file.path = path;
    file.link = undefined;
    files.set(key(file.node, path), file);
  };

  const rotatedOf = ({ node, path }: LogFile): Growing[] =>
    [...files.values()].filter((file) => file.node === node && file.path.startsWith(`${path}.`));

  /** As container_log_manager.go does: what was rotated before is compressed and the oldest goes, then the file gets out of the way. */
  const rotate = (file: Growing): void => {
    const { node, path, link } = file;
    for (const old of rotatedOf(file).filter((one) => !one.path.endsWith(".gz"))) {
      move(old, `${old.path}.gz`);
      old.entries = [gzipSync(old.read())];
      old.size = old.entries[0]?.length ?? 0;
    }
    const older = rotatedOf(file).sort((a, b) => (a.path < b.path ? -1 : 1));
    for (const old of older.slice(0, Math.max(0, older.length - (maxFiles - 2)))) files.delete(key(node, old.path));
    // A kubelet looks every ten seconds, so no two of its names are the same.
    rotatedAt = Math.max(Date.now(), rotatedAt + 1000);
    move(file, `${path}.${stampOf(rotatedAt)}`);
    create(node, path, link);
  };

  const open = (pod: Obj, container: string, restarts: number): Growing => {
    restartsOf.set(`${pod.metadata.uid}/${container}`, restarts);
    // Of what has ended, one container is kept.
    for (const file of [...files.values()])
      if (file.path.startsWith(`${directoryOf(pod)}/${container}/`) && restartsIn(file.path) < restarts - 1)
        files.delete(key(file.node, file.path));
    return create(nodeOf(pod), pathOf(pod, container, restarts), linkOf(pod, container, restarts));
  };

  const file = (pod: Obj, container: string, restarts: number): Growing | undefined =>
    files.get(key(nodeOf(pod), pathOf(pod, container, restarts)));

  return {
    open,
    file,
    write: (pod, container, line, stream = "stdout") => {
      const restarts = restartsOf.get(`${pod.metadata.uid}/${container}`) ?? 0;
      const current = file(pod, container, restarts) ?? open(pod, container, restarts);
      const entries = line.split("\n").flatMap((one) => entriesOf(stream, one));
      current.entries.push(...entries);
      current.size += entries.reduce((sum, { length }) => sum + length, 0);
      for (const listener of [...listeners]) listener(current);
      if (current.size > maxBytes) rotate(current);
    },
    forget: (pod) => {
      for (const { node, path } of [...files.values()])
        if (path.startsWith(`${directoryOf(pod)}/`)) files.delete(key(node, path));
      for (const { name } of pod.spec.containers) restartsOf.delete(`${pod.metadata.uid}/${name}`);
    },
    on: (node) => [...files.values()].filter((one) => one.node === node),
    onWrite: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};

const key = (node: string, path: string): string => `${node} ${path}`;
const nodeOf = ({ spec }: Obj): string => spec.nodeName ?? "";
const directoryOf = ({ metadata: { namespace, name, uid } }: Obj): string =>
  `/var/log/pods/${namespace}_${name}_${uid}`;
const pathOf = (pod: Obj, container: string, restarts: number): string =>
  `${directoryOf(pod)}/${container}/${restarts}.log`;
const linkOf = (pod: Obj, container: string, restarts: number): string => {
  const { namespace, name } = pod.metadata;
  return `/var/log/containers/${name}_${namespace}_${container}-${containerHash(pod, container, restarts)}.log`;
};
const restartsIn = (path: string): number => Number(/\/(\d+)\.log[^/]*$/.exec(path)?.[1]);

/** `20261130-193057` */
const stampOf = (time: number): string =>
  new Date(time).toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
