/** Who holds the lock. */
export interface Holder {
  /** `host pid namespace/pid/random`, for people and for the Lease. */
  readonly name: string;
  /** Whether a holder is certainly no more, so that nobody has to wait for its Lease to run out. */
  readonly isDead: (name: string) => boolean;
}

/** The host, and on Linux the namespace in which its process ids mean something: containers may share a host's name. */
const place = (): string => {
  // Not imported: Node makes an import's every export at once, which the start of `--help` would wait for.
  const { hostname } = process.getBuiltinModule("node:os");
  const { readlinkSync } = process.getBuiltinModule("node:fs");
  try {
    return `${hostname()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
};

/** Made when it is asked for: most commands never lock anything, and the cryptography behind the name takes its time to load. */
export const thisProcess = (): Holder => {
  let name: string | undefined;
  return {
    get name() {
      name ??= `${place()}/${process.pid}/${crypto.randomUUID().slice(0, 8)}`;
      return name;
    },
    isDead: (other) => {
      const [where, pid] = other.split("/").length === 3 ? other.split("/") : [];
      return where === place() && Number(pid) > 0 && !isAlive(Number(pid));
    },
  };
};
