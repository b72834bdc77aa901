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
    let isSaid = false;
    const tell: typeof emit = (event) => {
      isSaid ||= event.type === "note" && event.level === "info";
      emit(event);
    };
    for await (const request of requestsOf(query, { cluster, emit: tell, signal, now: () => new Date() })) {
      if (config.output === "json") ctx.stdout(requestJson(visibleData(request, "spelled")));
      else ctx.stdout(`${shown === 0 ? table.heading() : ""}${table.row(request)}`);
      shown += 1;
      if (!(await ctx.isRead())) return 0;
    }
    // That there are no pods says it.
    if (shown === 0 && !isSaid) emit({ type: "note", level: "info", text: nothing(query) });
    return 0;
  });

const nothing = ({ since, errors, slowerThan }: { since?: number; errors: boolean; slowerThan?: number }): string => {
  const which = [
    errors ? "that failed" : "",
    slowerThan === undefined ? "" : `that took ${slowerThan} s or more`,
    since === undefined ? "" : `of the last ${duration(since)}`,
  ].filter(Boolean);
  return `The pods have kept no request${which.map((one) => ` ${one}`).join("")}.`;
};
