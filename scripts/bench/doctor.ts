import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { isReady } from "../../src/checks/knative-service/index.ts";
import type { ClusterWrite } from "../../src/ports/cluster.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { HELLO, hello } from "../../src/steps/proof/hello.ts";
import { inWorld, type Place, type Run, runProgram } from "./runs.ts";
import type { Release } from "./setup.ts";
import { median, megabytes, milliseconds, ratio, seconds, table } from "./table.ts";
import { totalOf } from "./verbs.ts";

const NAMESPACES = 200;
/** Services in all of them. The budget is for the last; the one before shows whether twice as many take twice as long. */
const SIZES = [0, 1_000, 2_000];
const BUDGET = { seconds: 5, bytes: 300e6, firstLine: 0.3 };
/** More keep the sandbox so busy that it accepts no connection in time. */
const AT_ONCE = 10;
const MANAGER = { manager: "kn-bootstrap-bench" };

interface Row {
  readonly services: number;
  readonly runs: readonly Run[];
}

const namespace = (index: number): KubeObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: `team-${index}` },
});

const service = (index: number): KubeObject => ({
  ...hello("ghcr.io/knative/helloworld-go:latest"),
  metadata: { name: `hello-${index}`, namespace: `team-${index % NAMESPACES}` },
});

const inBatches = async (from: number, to: number, one: (index: number) => Promise<unknown>): Promise<void> => {
  for (let at = from; at < to; at += AT_ONCE)
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, to - at) }, (_, offset) => one(at + offset)));
};

const areReady = async (cluster: ClusterWrite, count: number): Promise<boolean> => {
  const all = await cluster.list({ apiVersion: HELLO.apiVersion, kind: HELLO.kind });
  return all.length >= count && all.every(isReady);
};

const fill = async (cluster: ClusterWrite, from: number, to: number): Promise<void> => {
  await inBatches(from, to, (index) => cluster.apply(service(index), MANAGER));
  while (!(await areReady(cluster, to))) await sleep(1_000);
};

const timesOf = async (folder: string, place: Place, repeat: number): Promise<readonly Run[]> => {
  const runs: Run[] = [];
  for (let round = 0; round < repeat; round++) runs.push(await runProgram(folder, place, ["doctor"]));
  return runs;
};

/** What doctor takes where there are many Services, in a sandbox without delays. */
export const doctorSection = (folder: string, { args }: Release, repeat: number): Promise<string> =>
  inWorld(folder, { pace: 1 }, async (place) => {
    await runProgram(folder, place, ["install", "--yes", ...args]);
    const cluster = openCluster(await loadKubeconfig({ path: place.kubeconfig, env: process.env }));
    try {
      await inBatches(0, NAMESPACES, (index) => cluster.apply(namespace(index), MANAGER));
      const rows: Row[] = [];
      for (const [index, size] of SIZES.entries()) {
        await fill(cluster, SIZES[index - 1] ?? 0, size);
        rows.push({ services: size, runs: await timesOf(folder, place, repeat) });
      }
      return doctorTable(rows);
    } finally {
      cluster.close();
    }
  });

const doctorTable = (rows: readonly Row[]): string => {
  const wallOf = ({ runs }: Row): number => median(runs.map((run) => run.seconds));
  const head = [
    "Services",
    `wall (budget ${seconds(BUDGET.seconds)})`,
    "of the row above",
    `first line (budget ${milliseconds(BUDGET.firstLine)})`,
    "requests",
    `memory (budget ${megabytes(BUDGET.bytes)})`,
  ];
  return table(
    head,
    rows.map((row, index) => {
      const above = rows[index - 1];
      return [
        String(row.services),
        seconds(wallOf(row)),
        above ? ratio(wallOf(row) / wallOf(above)) : "",
        milliseconds(median(row.runs.map(({ firstLine }) => firstLine))),
        String(median(row.runs.map(({ counted }) => totalOf(counted)))),
        megabytes(median(row.runs.flatMap(({ peakBytes }) => peakBytes ?? []))),
      ];
    }),
  );
};
