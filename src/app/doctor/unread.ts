import type { HealthCheck, HealthContext } from "../../checks/health-check.ts";
import type { Finding } from "../../core/check.ts";
import { ApiError } from "../../ports/cluster.ts";
import { messageOf } from "../../ports/error.ts";
import { unanswered } from "../../ports/outage.ts";
import { sh } from "../../ports/shell.ts";
import { requestText, unansweredRequest } from "../../ports/unanswered-request.ts";

/** Runs a check once. What could not be read is `unknown`, and says which request that was. Anything else that it throws goes on up. */
export const lookOnce = async (check: Pick<HealthCheck, "run">, ctx: HealthContext): Promise<Finding> => {
  try {
    return await check.run(ctx, new Map());
  } catch (error) {
    const open = unanswered(error);
    if (!open) throw error;
    const request = unansweredRequest(error);
    if (!request) return { status: "unknown", summary: open.wait, remedy: open.remedy };
    const { request: line = "" } = error as { readonly request?: string };
    const facts = { request, reason: messageOf(error) };
    if (!(error instanceof ApiError)) {
      const summary = facts.reason.replace(line, `"${requestText(request)}"`);
      return { status: "unknown", summary, remedy: { ...open.remedy, command: asking(line) }, facts };
    }
    return {
      status: "unknown",
      summary: `"${requestText(request)}" was ${answerText(error)}`,
      remedy: { text: "See what the API server says to it:", command: asking(line) },
      facts,
    };
  }
};

/** The same question, of somebody who waits no longer. */
const asking = (line: string) => sh`kubectl get --raw ${line.slice(line.indexOf(" ") + 1)} --request-timeout=10s`;

/** What the API server puts before the reason of whoever refuses: it says no more than the request does. */
const REFUSAL =
  /^.*? is forbidden: User .*? cannot .*?(at the cluster scope|in the namespace "[^"]*")|^forbidden: User .*? cannot get path "[^"]*"/;

const answerText = ({ status, reason, message }: ApiError): string => {
  if (status !== 403) return `answered with ${status}: ${message.replace(`${status}: `, "")}`;
  const more = message.replace(REFUSAL, "").replace(/^[:\s]+/, "");
  return `refused with 403 ${reason}${more === "" ? "" : `: ${more}`}`.replace("403 :", "403:").trimEnd();
};
