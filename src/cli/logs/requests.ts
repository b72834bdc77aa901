import { requestsOf } from "../../app/logs/requests.ts";
import { duration } from "../../config/syntax.ts";
import { visibleData } from "../../ports/visible.ts";
import type { CommandContext } from "../context.ts";
import { requestJson } from "../reporter/json.ts";
import { atCluster } from "../session.ts";
import { requestTable } from "./table.ts";

/** `logs requests`: every request on a line, until there are no more, a signal, or nobody who reads. */
export const showRequests = (ctx: CommandContext): Promise<number> =>
  atCluster(ctx, async (cluster) => {
    const { flags, config, signal, emit } = ctx;
    const { service, namespace, since, follow, errors, slowerThan } = flags;
    const query = {
      follow,
      errors,
      ...(service === undefined ? {} : { service }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(since === undefined ? {} : { since }),
      ...(slowerThan === undefined ? {} : { slowerThan: Number.parseFloat(slowerThan) / 1000 }),
    };
    const table = requestTable(ctx.look, ctx.stdoutIsTTY);
    let shown = 0;
    for await (const request of requestsOf(query, { cluster, emit, signal, now: () => new Date() })) {
      if (config.output === "json") ctx.stdout(requestJson(visibleData(request, "spelled")));
      else ctx.stdout(`${shown === 0 ? table.heading() : ""}${table.row(request)}`);
      shown += 1;
      if (!(await ctx.isRead())) return 0;
    }
    if (shown === 0) emit({ type: "note", level: "info", text: nothing(query) });
    return 0;
  });

const nothing = ({ since, errors, slowerThan }: { since?: number; errors: boolean; slowerThan?: number }): string => {
  const which = [errors ? "failed" : "", slowerThan === undefined ? "" : `took ${slowerThan} s or more`].filter(
    Boolean,
  );
  const when = since === undefined ? "that the pods have kept" : `of the last ${duration(since)}`;
  return `No request ${when}${which.length > 0 ? ` ${which.join(" and ")}` : ""}.`;
};
