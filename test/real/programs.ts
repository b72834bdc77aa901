import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
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

/** `/usr` for a program that is found as `/usr/sbin/NAME`: what belongs to it lies below. */
export const prefixOf = (program: string): string => {
  const folders = (WITH_SERVERS.PATH ?? "").split(delimiter);
  return dirname(folders.find((folder) => existsSync(join(folder, program))) ?? "/usr/sbin");
};
