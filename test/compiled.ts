import { tmpdir } from "node:os";
import { join } from "node:path";

/** For the environment of programs that tests start: what one of them has compiled, no other compiles. */
export const COMPILED = { NODE_COMPILE_CACHE: join(tmpdir(), "compiled") };

Object.assign(process.env, COMPILED);
