import { complete } from "../config/complete.ts";
import type { Config } from "../config/config.ts";
import { inFile, nameOf } from "../config/options.ts";
import { readValue } from "../config/values.ts";
import { STATE } from "../core/prior.ts";
import type { ClusterRead } from "../ports/cluster.ts";
import { dataOf, isRecord, type KubeObject } from "../ports/object.ts";

const parsed = (text: string | undefined): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
};

/** What the state ConfigMap says was chosen, as it was written; empty where nothing of ours is. */
export const choicesOf = (state: KubeObject | undefined): Readonly<Record<string, unknown>> =>
  parsed(dataOf(state).choices);

/** Component → version, as the last install wrote it down. */
export const versionsOf = (state: KubeObject | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(parsed(dataOf(state).versions)).map(([component, version]) => [component, String(version)]),
  );

/**
 * The configuration of what is installed, for commands that go on with it (renew, uninstall): the choices that were kept, and about the
 * run itself what the command line says.
 */
export const installedConfig = async (cluster: Pick<ClusterRead, "get">, run: Config): Promise<Config> => {
  const choices = choicesOf(await cluster.get(STATE));
  const chosen = inFile.flatMap((option) => {
    const value = choices[nameOf(option)];
    return option.runOnly || value === undefined
      ? []
      : [[option.key, readValue(option, typeof value === "boolean" ? String(value) : value, "state")] as const];
  });
  const about = inFile.flatMap((option) =>
    option.runOnly && run[option.key as keyof Config] !== undefined
      ? [[option.key, run[option.key as keyof Config]] as const]
      : [],
  );
  return complete(Object.fromEntries([...chosen, ...about]), { env: {}, terminal: run.color });
};
