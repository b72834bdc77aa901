/** Who holds the lock. */
export interface Holder {
  /** `host/process id/marks`, for people and for the Lease. */
  readonly name: string;
  /** Whether a holder is certainly no more, so that nobody has to wait for its Lease to run out. */
  readonly isDead: (name: string) => boolean;
}

/** What a process can know of the place where it runs. */
export interface Machine {
  readonly host: string;
  readonly pid: number;
  /**
   * What only processes have in common that see each other: the same boot of the same machine, one namespace of process ids, and one of
   * times, by which a start is counted. Undefined where that cannot be told.
   */
  readonly place: () => string | undefined;
  /** Undefined: no such process. `began`: when, in ticks since the boot; undefined where it may not be known. */
  readonly processAt: (pid: number) => { readonly began: string | undefined } | undefined;
}

// Not imported: Node makes an import's every export at once, which the start of `--help` would wait for.
const built = process.getBuiltinModule;

/** Made when it is asked for: most commands never lock anything, and the cryptography behind the name takes its time to load. */
export const holderOn = (machine: Machine): Holder => {
  let name: string | undefined;
  return {
    get name() {
      name ??= `${machine.host}/${machine.pid}/${marksOf(machine)}`;
      return name;
    },
    // A host's name proves nothing, every image and every container may have the same; nor does a process id alone.
    isDead: (other) => {
      const [, pid = "", marks = ""] = other.split("/");
      const [place, began, chance] = marks.split(".");
      if (chance === undefined || !/^[1-9]\d*$/.test(pid) || place !== digest(machine.place())) return false;
      const found = machine.processAt(Number(pid));
      return found === undefined || (found.began !== undefined && found.began !== began);
    },
  };
};

export const thisProcess = (): Holder => holderOn(thisMachine());

/** `place.began.chance`, or chance alone. Machines that were resumed from one snapshot differ in nothing else. */
const marksOf = (machine: Machine): string => {
  const place = digest(machine.place());
  const began = machine.processAt(machine.pid)?.began;
  const chance = crypto.randomUUID().slice(0, 8);
  return place === undefined || began === undefined ? chance : `${place}.${began}.${chance}`;
};

/** Short, and nothing that a stranger could use. */
const digest = (place: string | undefined): string | undefined =>
  place && built("node:crypto").createHash("sha256").update(place).digest("hex").slice(0, 16);

/**
 * Linux says all of it in files. macOS and Windows would have to be asked by other programs, for the sake of 30 seconds after a
 * crash: there the Lease runs out.
 */
export const thisMachine = (): Machine => ({
  get host() {
    return built("node:os").hostname();
  },
  pid: process.pid,
  place: () => {
    const { readFileSync, readlinkSync } = built("node:fs");
    try {
      const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
      // A /proc of another namespace counts processes differently from us.
      if (!/^[\da-f-]{36}$/.test(boot) || readlinkSync("/proc/self") !== String(process.pid)) return undefined;
      return [boot, readlinkSync("/proc/self/ns/pid"), timesOf(readlinkSync)].join(" ");
    } catch {
      return undefined;
    }
  },
  processAt: (pid) => {
    if (!isThere(pid)) return undefined;
    try {
      const stat = built("node:fs").readFileSync(`/proc/${pid}/stat`, "utf8");
      // proc(5): the second field, a name in brackets, may hold anything; the start is the 22nd.
      return { began: stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] };
    } catch {
      return { began: undefined };
    }
  },
});

/** Linux has these since 5.6. */
const timesOf = (readlink: (path: string) => string): string => {
  try {
    return readlink("/proc/self/ns/time");
  } catch {
    return "";
  }
};

const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
};
