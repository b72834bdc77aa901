import { setTimeout as pause } from "node:timers/promises";
import type { Panel } from "../../src/metrics/panels.ts";
import { isTrue } from "../../src/sandbox/objects.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import type { stage } from "../engine/cli.ts";
import type { Prometheus } from "../real/prometheus.ts";
import { apply, ask, until } from "../sandbox/install.ts";

/** Two Services, requests to them, and what a dashboard is answered about these. */

const HELLO = "ghcr.io/knative/helloworld-go";
const service = (name: string, image: string): Obj => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  metadata: { namespace: "default", name },
  spec: {
    template: {
      metadata: { annotations: { "autoscaling.knative.dev/min-scale": "1" } },
      spec: { containerConcurrency: 5, containers: [{ image }] },
    },
  },
});

const serviceRef = (name: string) => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  namespace: "default",
  name,
});

type Place = Awaited<ReturnType<typeof stage>>;

export const bringServices = async (world: Place): Promise<void> => {
  await apply(world, service("hello", HELLO), service("bin", "docker.io/kennethreitz/httpbin"));
  await until(world, "both Services are ready", () =>
    ["hello", "bin"].every((name) => isTrue(world.api.get(serviceRef(name)), "Ready")),
  );
};

/** Requests of every kind, for as long as `done` has not come. Resolves to how many there were of each Service. */
export const traffic = (world: Place, signal: AbortSignal): Promise<Readonly<Record<string, number>>> => {
  const sent: Record<string, number> = { hello: 0, bin: 0, failed: 0 };
  const go = async (name: string, path: string): Promise<void> => {
    const { host } = new URL(world.api.get(serviceRef(name))?.status.url);
    const { status } = await ask(world, 80, host, path);
    sent[name] = (sent[name] ?? 0) + 1;
    if (status >= 500) sent.failed = (sent.failed ?? 0) + 1;
  };
  const loop = async (): Promise<typeof sent> => {
    while (!signal.aborted) {
      await Promise.all([go("hello", "/"), go("hello", "/a"), go("bin", "/status/503"), go("bin", "/delay/0.1")]);
      // The webhook is asked about every change.
      await apply(world, service("hello", HELLO));
      await pause(100);
    }
    return sent;
  };
  return loop();
};

export const filledIn = (expr: string): string =>
  expr
    .replaceAll("$__rate_interval", "8s")
    .replaceAll("$__range:15s", "8s:1s")
    .replaceAll("$namespace", "default")
    .replaceAll("$service", "hello|bin");

/** Those queries, with their answers, that a Prometheus has no number for. */
export const unanswered = async (prometheus: Prometheus, panels: readonly Panel[]): Promise<readonly string[]> => {
  const answers = await Promise.all(
    panels.flatMap(({ title, queries }) =>
      queries.map(async ({ expr }) => ({ title, expr, found: await prometheus.query(filledIn(expr)) })),
    ),
  );
  const isData = ({ found }: (typeof answers)[number]): boolean =>
    found.length > 0 && found.every(({ value: [, value] }) => value !== "NaN");
  return answers.flatMap((one) =>
    isData(one) ? [] : [`${one.title}: ${filledIn(one.expr)} → ${JSON.stringify(one.found)}`],
  );
};
