import { ingressProvider } from "../../ingress/index.ts";
import { dashboardFor } from "../../metrics/dashboard.ts";
import { loadCatalog } from "../../releases/index.ts";
import type { CommandContext } from "../context.ts";

/** Touches no cluster. */
export const run = async ({ config, stdout }: CommandContext): Promise<number> => {
  const { versions } = (await loadCatalog()).resolve(config.knativeVersion);
  const dashboard = dashboardFor(versions.serving ?? "", ingressProvider(config.ingress).metrics);
  stdout(`${JSON.stringify(dashboard, null, 2)}\n`);
  return 0;
};
