import { operatorsIn } from "../../../checks/found.ts";
import type { Finding } from "../../../core/check.ts";
import { type Keeper, keeperOf } from "../../../kube/keeper.ts";
import type { ClusterRead } from "../../../ports/cluster.ts";
import { messageOf } from "../../../ports/error.ts";
import type { Fix } from "../../../ports/fix.ts";
import { describe } from "../../../ports/object.ts";

type Read = Pick<ClusterRead, "get" | "list">;

/** Who keeps the object of a fix as it is. An object that cannot be looked at is kept: nobody knows by whom. */
export const keeperIn = async (fix: Fix, cluster: Read): Promise<Keeper | undefined> => {
  try {
    const live = await cluster.get(fix.object);
    // Who may not list them is answered as where there is no operator.
    return live && keeperOf(live, fix, await operatorsIn(cluster).catch(() => []));
  } catch (error) {
    const name = `somebody unknown: ${messageOf(error)}`;
    return { name, remedy: { text: `Look at ${describe(fix.object)} under an account that may.` } };
  }
};

/** The finding with a remedy that lasts: what somebody else keeps is changed with them, and by nobody else. */
export const withKeepers = async (finding: Finding, cluster: Read): Promise<Finding> => {
  if (!("remedy" in finding) || !finding.remedy.fixes) return finding;
  for (const fix of finding.remedy.fixes) {
    const keeper = await keeperIn(fix, cluster);
    if (!keeper) continue;
    const { text, command } = keeper.remedy;
    const said = `${describe(fix.object)} is kept by ${keeper.name}. ${text}`;
    return { ...finding, remedy: { text: said, ...(command ? { command } : {}) } };
  }
  return finding;
};
