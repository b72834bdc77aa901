import { spawnSync } from "node:child_process";
import { delimiter } from "node:path";
import process from "node:process";

/** Servers lie where a person's PATH does not lead. */
export const WITH_SERVERS: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: [process.env.PATH, "/usr/sbin"].join(delimiter),
};

/** Whether these programs can be started; says which one cannot. `hint`: where it comes from. */
export const isInstalled = (programs: readonly string[], hint: string): boolean => {
  const missing = programs.filter(
    (program) =>
      spawnSync(program, ["--version"], { stdio: "ignore", env: WITH_SERVERS, timeout: 10_000 }).error !== undefined,
  );
  if (missing.length > 0) process.stderr.write(`skipped: ${missing.join(", ")} not on PATH (${hint})\n`);
  return missing.length === 0;
};
