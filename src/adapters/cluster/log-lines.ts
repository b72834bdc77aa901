import { beginningsOf } from "../../ports/bounded.ts";
import type { ContainerLog } from "../../ports/logs.ts";
import type { Transport } from "./transport.ts";

const MOST_OF_LINE = 256 * 2 ** 10;
/** Load balancers forget connections on which nothing comes, and do not always say so. */
const SILENCE_MS = 300_000;

/** The port's `logLines`. */
export async function* logLines(
  stream: Transport["stream"],
  { namespace, pod, container, previous, follow, since }: ContainerLog,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const response = await stream(
    {
      method: "GET",
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`,
      query: {
        container,
        timestamps: "true",
        previous: previous ? "true" : undefined,
        follow: follow ? "true" : undefined,
        sinceTime: since,
      },
      accept: "application/json, */*",
    },
    signal,
  );
  const stop = (): void => {
    response.destroy();
  };
  signal.addEventListener("abort", stop, { once: true });
  response.setTimeout(SILENCE_MS, stop);
  try {
    yield* beginningsOf(response.setEncoding("utf8"), MOST_OF_LINE);
  } catch {
    // It broke off. Who wants more asks from where it was.
  } finally {
    signal.removeEventListener("abort", stop);
    response.destroy();
  }
}
