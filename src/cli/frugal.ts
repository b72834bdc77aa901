/**
 * How Node is to run this program. Loads on every Node there is, as main.ts does: what an old one does not have is left out. None of it is
 * needed, so none of it can fail.
 */

/** Of Node, whose V8 has the flags: another one would complain about them on stderr. */
const FLAGS_KNOWN = [22, 24];

const FLAGS = [
  // The room for new objects would grow to 32 MB before anybody looks what of it is garbage, and most is.
  "--semi-space-growth-factor=1",
  // The room for the others, to twice of what was needed.
  "--heap-growing-percent=10",
  // An install computes for a second and waits for a minute: optimised code takes more memory than it saves time.
  "--no-maglev",
  "--no-opt",
];

/** `env`: where the user's cache is. `major`: of Node. `program`: the file that was started. */
export const beFrugal = (env: NodeJS.ProcessEnv, major: number, program: string): void => {
  const builtin = process.getBuiltinModule;
  if (builtin && FLAGS_KNOWN.includes(major)) for (const flag of FLAGS) builtin("node:v8").setFlagsFromString(flag);
  // From source, what was compiled is out of date with the next change.
  if (builtin && program.endsWith(".js")) keepCompiled(env, builtin);
};

/** Compiling takes a third of a short run. Node sees to it that what it finds there is of the same code and of the same Node. */
const keepCompiled = (env: NodeJS.ProcessEnv, builtin: typeof process.getBuiltinModule): void => {
  const home = env.XDG_CACHE_HOME || (env.HOME && `${env.HOME}/.cache`);
  if (!home) return;
  try {
    const folder = `${home}/kn-bootstrap/compiled`;
    const { mkdirSync, statSync } = builtin("node:fs");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Whoever could write there could say what this program does.
    const isOurs = ({ uid, mode }: { uid: number; mode: number }): boolean =>
      process.geteuid === undefined || (uid === process.geteuid() && (mode & 0o022) === 0);
    if ([folder, `${home}/kn-bootstrap`].every((path) => isOurs(statSync(path))))
      builtin("node:module").enableCompileCache(folder);
  } catch {
    // A home that cannot be written to.
  }
};
