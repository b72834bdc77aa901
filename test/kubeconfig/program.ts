import { readdirSync, realpathSync } from "node:fs";
import path from "node:path";
import process from "node:process";

/**
 * kubectl on PATH; undefined: there is none. Google's is a dispatcher that asks the server for its version, with a client of its own, before it starts
 * one of those that lie beside it: the newest of these is taken.
 */
export const findKubectl = (): string | undefined => {
  for (const folder of (process.env.PATH ?? "").split(path.delimiter)) {
    try {
      const file = realpathSync(path.join(folder, "kubectl"));
      const beside = readdirSync(path.dirname(file)).filter((name) => /^kubectl\.1\.\d+$/.test(name));
      const newest = beside.sort((a, b) => Number(a.split(".")[2]) - Number(b.split(".")[2])).at(-1);
      return newest ? path.join(path.dirname(file), newest) : file;
    } catch {
      // It is not there.
    }
  }
  return undefined;
};
