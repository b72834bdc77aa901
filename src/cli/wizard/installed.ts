import type { Written } from "../../config/complete.ts";
import { inFile, nameOf } from "../../config/options.ts";
import { readValue } from "../../config/values.ts";
import { STATE } from "../../core/prior.ts";
import type { ClusterRead } from "../../ports/cluster.ts";
import { UserError } from "../../ports/error.ts";
import { choicesOf } from "../../steps/chosen.ts";

/** What our installation in this cluster was told; what a newer version wrote and we do not know is left out. */
export const installedChoices = async (cluster: Pick<ClusterRead, "get">): Promise<Written | undefined> => {
  const choices = choicesOf(await cluster.get(STATE));
  const chosen = inFile.flatMap((option) => {
    const value = choices[nameOf(option)];
    if (option.runOnly || value === undefined) return [];
    try {
      return [[option.key, readValue(option, typeof value === "boolean" ? String(value) : value, "state")]];
    } catch (error) {
      if (error instanceof UserError) return [];
      throw error;
    }
  });
  return chosen.length === 0 ? undefined : Object.fromEntries(chosen);
};
