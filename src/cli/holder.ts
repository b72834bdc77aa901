import { randomUUID } from "node:crypto";
import { readlinkSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";

/** Who holds the lock. */
export interface Holder {
  /** `host pid namespace/pid/random`, for people and for the Lease. */
  readonly name: string;
  /** Whether a holder is certainly no more, so that nobody has to wait for its Lease to run out. */
  readonly isDead: (name: string) => boolean;
}

/** The host, and on Linux the namespace in which its process ids mean something: containers may share a host's name. */
const place = (): string => {
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

export const thisProcess = (): Holder => {
  const here = place();
  return {
    name: `${here}/${process.pid}/${randomUUID().slice(0, 8)}`,
    isDead: (name) => {
      const [where, pid] = name.split("/").length === 3 ? name.split("/") : [];
      return where === here && Number(pid) > 0 && !isAlive(Number(pid));
    },
  };
};
