import { once } from "node:events";
import { findUi, notForwarded, podBehind } from "../../app/logs/open.ts";
import type { CommandContext } from "../context.ts";
import { openedJson } from "../reporter/json.ts";
import { advice } from "../reporter/look.ts";
import { atCluster } from "../session.ts";

/** `logs open`: a UI for logs at a port of this machine, until a signal ends it. */
export const openUi = (ctx: CommandContext): Promise<number> =>
  atCluster(ctx, async (cluster, rehearsal) => {
    const { flags, config, signal, emit, look } = ctx;
    const { namespace, service } = flags;
    const found = await findUi({ ...(namespace ? { namespace } : {}), ...(service ? { service } : {}) }, cluster);
    const trouble = (text: string): void =>
      emit({ type: "note", level: "warning", text: `A connection failed: ${text}` });
    const forward = await cluster
      .forward(() => podBehind(found, cluster), trouble)
      .catch((error: unknown) => {
        signal.throwIfAborted();
        throw notForwarded(error, found, rehearsal);
      });
    try {
      const login = await found.ui.login(found.service, cluster);
      const opened = {
        ui: found.ui.title,
        namespace: found.namespace,
        service: found.service.metadata.name,
        url: `${found.scheme}://127.0.0.1:${forward.port}/`,
        login,
      };
      if (config.output === "json") ctx.stdout(openedJson(opened));
      else {
        const { ui, url } = opened;
        const hint =
          found.scheme === "https" ? " Its certificate is not for this address: the browser asks about that." : "";
        const lines = [
          `${ui} of Service ${opened.namespace}/${opened.service}: ${url}`,
          ...advice(look, 2, login),
          ...advice(look, 2, { text: `Ctrl-C ends it.${hint}` }),
        ];
        ctx.stdout(`${lines.join("\n")}\n`);
      }
      if (!signal.aborted) await once(signal, "abort");
      throw signal.reason;
    } finally {
      forward.close();
    }
  });
