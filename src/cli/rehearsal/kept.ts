import { randomUUID } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { UserError } from "../../ports/error.ts";
import { at } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { type Machine, thisMachine } from "../holder.ts";
import type { Surroundings } from "../rehearsed-internet.ts";

/** What a rehearsal that stays says about itself to other processes. It is in a file that only its owner may read. */
export interface Kept {
  /** `rehearsal-1`, also of the context in its kubeconfig. */
  readonly name: string;
  readonly folder: string;
  readonly process: Began;
  /** ISO 8601. */
  readonly since: string;
  /** It is not installed into any more, whether or not that has succeeded. */
  readonly isSettled?: true;
  /** When it ends by itself, as ISO 8601; absent: when somebody ends it. */
  readonly until?: string;
  /** Of its Services, as they open on this machine; absent until its installation has succeeded. */
  readonly url?: string;
  /** Absent while it starts. */
  readonly world?: KeptWorld;
}

/** A process, and when it began: its id alone may be another's by now. Undefined where that is not to be known. */
interface Began {
  readonly pid: number;
  readonly began?: string | undefined;
}

export interface KeptWorld {
  /** As its kubeconfig has it. */
  readonly server: string;
  /** PEM of the CA that it made for itself when it began: no other cluster has it. */
  readonly ca: string;
  /** Port as the cluster says → loopback port. */
  readonly connectTo: ReadonlyMap<number, number>;
  /** Absent: it has no name servers and no CA, and nobody is asked instead. */
  readonly surroundings?: Surroundings;
  /** Releases are stand-ins in it. */
  readonly isStandIn: boolean;
}

const RECORD = "rehearsal.json";

/** Where all of this user are. Whoever may write there could lead our commands elsewhere, so nobody else may. */
const home = (): string => join(tmpdir(), `kn-bootstrap-rehearsals-${userInfo().uid}`);

/** Undefined where there is none, or it is not ours alone. */
const ownHome = (): string | undefined => {
  const { uid } = userInfo();
  try {
    const found = lstatSync(home());
    // Windows knows neither; there each user has a temporary directory.
    const isOurs = uid === -1 || (found.uid === uid && (found.mode & 0o077) === 0);
    return found.isDirectory() && isOurs ? home() : undefined;
  } catch {
    return undefined;
  }
};

/** Those that run. What others left that were killed is removed. */
export const keptRehearsals = (machine: Machine = thisMachine()): readonly Kept[] => {
  const folder = ownHome();
  if (folder === undefined) return [];
  return readdirSync(folder)
    .filter((name) => /^rehearsal-\d+$/.test(name))
    .sort((a, b) => numberOf(a) - numberOf(b))
    .flatMap((name) => read(join(folder, name), name))
    .filter((kept) => {
      const isThere = runs(kept, machine);
      if (!isThere) rmSync(kept.folder, { recursive: true, force: true });
      return isThere;
    });
};

const numberOf = (name: string): number => Number(name.replace(/^\D+/, ""));

export const runs = ({ process: { pid, began } }: Pick<Kept, "process">, machine: Machine): boolean => {
  const found = machine.processAt(pid);
  return found !== undefined && found.began === began;
};

/** Who a process is, for others to find it again. */
export const processOf = (machine: Machine): Kept["process"] => ({
  pid: machine.pid,
  began: machine.processAt(machine.pid)?.began,
});

/** A folder with a name that none of those has that run, and in it who it belongs to. Throws UserError where none can be made. */
export const makeKept = (machine: Machine = thisMachine()): Kept => {
  keptRehearsals(machine);
  mkdirSync(home(), { recursive: true, mode: 0o700 });
  const folder = ownHome();
  if (folder === undefined) throw notOurs();
  const since = new Date().toISOString();
  // It appears complete: nobody finds a folder of which nothing is known.
  const made = join(folder, `.${randomUUID()}`);
  mkdirSync(made, { mode: 0o700 });
  for (let number = 1; ; number++) {
    const name = `rehearsal-${number}`;
    const kept = { name, folder: join(folder, name), process: processOf(machine), since };
    try {
      write(made, kept);
      renameSync(made, kept.folder);
      return kept;
    } catch (error) {
      if (["ENOTEMPTY", "EEXIST", "EPERM"].includes(String(at(error, "code"))) && number < MOST) continue;
      rmSync(made, { recursive: true, force: true });
      throw error;
    }
  }
};

const MOST = 1_000;

/** Tells other processes how the world is reached. Resolves to what is known of it now. */
export const announce = (before: Kept, world: KeptWorld): Kept & { readonly world: KeptWorld } => {
  const kept = { ...before, world };
  const next = join(kept.folder, ".next");
  mkdirSync(next, { mode: 0o700 });
  write(next, kept);
  renameSync(join(next, RECORD), join(kept.folder, RECORD));
  rmSync(next, { recursive: true });
  return kept;
};

const write = (folder: string, { folder: _where, ...kept }: Kept): void => {
  const text = JSON.stringify(kept, (_key, value: unknown) => (value instanceof Map ? { entries: [...value] } : value));
  writeFileSync(join(folder, RECORD), text, { mode: 0o600 });
};

const read = (folder: string, name: string): readonly Kept[] => {
  try {
    const text = readFileSync(join(folder, RECORD), "utf8");
    const kept = JSON.parse(text, (_key, value) =>
      Array.isArray(value?.entries) ? new Map(value.entries) : value,
    ) as Omit<Kept, "folder">;
    return [{ ...kept, name, folder }];
  } catch {
    return [];
  }
};

const notOurs = (): UserError =>
  new UserError({
    id: "rehearse.folder",
    what: `${home()} is not this user's alone: whoever else writes there could lead commands elsewhere.`,
    remedy: { text: "See whose it is, or let TMPDIR name another place:", command: sh`ls -ld ${home()}` },
    kind: "input",
  });
