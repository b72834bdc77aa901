import { thisProcess } from "../../src/cli/holder.ts";

/** Says who it is, and lives until its input ends or somebody kills it. */
process.stdout.write(`${thisProcess().name}\n`);
process.stdin.resume();
