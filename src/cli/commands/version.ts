import packageJson from "../../../package.json" with { type: "json" };
import { installedVersions } from "../../app/versions.ts";
import { messageOf } from "../../ports/error.ts";
import { visible, visibleData } from "../../ports/visible.ts";
import { loadCatalog } from "../../releases/index.ts";
import type { CommandContext } from "../context.ts";
import { versionJson, yamlOf } from "../reporter/json.ts";
import { type Versions, versionsText } from "../reporter/versions.ts";
import { openSession } from "../session.ts";

/** A cluster that is away is no reason to fail: what the program is, it knows without. */
export const run = async (ctx: CommandContext): Promise<number> => {
  const { minors, newestFor } = await loadCatalog();
  const own = { program: packageJson.version, node: process.versions.node, minors };
  const versions: Versions = visibleData({ ...own, ...(await clusterOf(ctx, newestFor)) });
  const { output } = ctx.config;
  if (output === "text") ctx.stdout(versionsText(versions, ctx.look));
  else ctx.stdout(output === "json" ? versionJson(versions) : yamlOf(versionJson(versions)));
  return 0;
};

const clusterOf = async (
  ctx: CommandContext,
  newestFor: (kubernetes: string) => string | undefined,
): Promise<Pick<Versions, "cluster" | "unseen">> => {
  try {
    const session = await openSession(ctx);
    try {
      const { cluster } = session.frozen;
      const newest = newestFor(session.version);
      return {
        cluster: {
          ...cluster.identity,
          kubernetes: session.version,
          installed: await installedVersions(cluster),
          ...(newest ? { newest } : {}),
        },
      };
    } finally {
      session.close();
    }
  } catch (error) {
    ctx.signal.throwIfAborted();
    return { unseen: visible(messageOf(error)) };
  }
};
