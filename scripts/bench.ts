/**
 * What the program takes, measured as it ships: the built bundle in processes of its own, against a sandbox in another one and,
 * with KN_TEST_KUBECONFIG, against that cluster too; and what a certificate takes, from a real Pebble and beside lego and certbot.
 * Prints medians, ratios and budgets; asserts nothing.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { withoutManifests } from "../src/app/prepare.ts";
import { load } from "../src/config/load.ts";
import { criticalPath } from "../src/core/critical-path.ts";
import type { Report } from "../src/core/run.ts";
import { steps } from "../src/steps/index.ts";
import { doctorSection } from "./bench/doctor.ts";
import { issuanceSection } from "./bench/issuance/index.ts";
import {
  applyFiles,
  deleteApplied,
  hasKubectl,
  inWorld,
  type Place,
  type Run,
  runProgram,
  startUp,
  untilAvailable,
} from "./bench/runs.ts";
import { type Built, buildInto, type Release, writeRelease } from "./bench/setup.ts";
import { median, megabytes, milliseconds, ratio, seconds, table } from "./bench/table.ts";
import { totalOf, VERBS } from "./bench/verbs.ts";

const USAGE = `npm run bench -- [options]
  --manifests DIR  files of the releases; default: ../shared/upstream where it is, else cache and network
  --runs N         how often each is measured; default 3
KN_TEST_KUBECONFIG names a cluster without Knative: it is installed there, measured, and removed again.
`;

/** How long a second of the cluster's own work lasts, in milliseconds: next to nothing, to see the program; or some, to see it wait. */
const PACE = { instant: 1, delayed: 100 };
/**
 * What an answer takes more than the sandbox, in milliseconds. On a real server of 1.36.2, kubectl took 4.45 s for 141 requests when it applied
 * the same files again, 2.61 s of it its own work.
 */
const REAL_LATENCY = 13;
const BUDGET = { start: 1.6, makespan: 1.1, peakBytes: 100e6, requests: 150, lists: 40, again: 0.3 };
const STARTS = 15;
const HOW = `kn-bootstrap is the built bundle; what is loaded before it counts requests and leads the proof to the sandbox's gateway.
kubectl applies the same objects, and neither waits nor proves.
`;

/** In this order on one cluster; kubectl on another one that is as empty. */
interface Round {
  readonly install: Run;
  readonly again: Run;
  readonly plan: Run;
  readonly doctor: Run;
  readonly apply?: Run;
  readonly applyAgain?: Run;
}

const say = (text: string): void => void process.stdout.write(text);

const ours = async (folder: string, place: Place, { args }: Release) => ({
  install: await runProgram(folder, place, ["install", "--yes", ...args]),
  again: await runProgram(folder, place, ["install", "--yes", ...args]),
  plan: await runProgram(folder, place, ["plan", ...args]),
  doctor: await runProgram(folder, place, ["doctor"]),
});

const theirs = async (folder: string, place: Place, { files }: Release) => {
  const apply = await applyFiles(folder, place, files);
  await untilAvailable(place);
  return { apply, applyAgain: await applyFiles(folder, place, files) };
};

const roundInSandbox = async (folder: string, release: Release, latency: number): Promise<Round> => ({
  ...(await inWorld(folder, { pace: PACE.instant, latency }, (place) => ours(folder, place, release))),
  // With delays, as kubectl would stumble over a webhook that is there before it has applied all.
  ...(hasKubectl()
    ? await inWorld(folder, { pace: PACE.delayed, latency }, (place) => theirs(folder, place, release))
    : {}),
});

/** Leaves the cluster as it was, and leaves one alone that has Knative: it may be somebody's. */
const roundInCluster = async (folder: string, place: Place, release: Release): Promise<Round> => {
  const planned = await runProgram(folder, place, ["plan", ...release.args]);
  if (!/"action":"create"[^{}]*"object":\{[^{}]*"name":"knative-serving"/.test(JSON.stringify(planned.events)))
    throw new Error("the cluster of KN_TEST_KUBECONFIG has Knative already, and this measures a first install");
  const remove = () => runProgram(folder, place, ["uninstall", "--yes", "--purge"]);
  const round = await ours(folder, place, release).finally(remove);
  if (!hasKubectl()) return round;
  return { ...round, ...(await theirs(folder, place, release).finally(() => deleteApplied(place, release))) };
};

const workTable = (rounds: readonly Round[]): string => {
  const row = (title: string, pick: (round: Round) => Run | undefined, beside?: (round: Round) => Run | undefined) => {
    const runs = rounds.flatMap((round) => pick(round) ?? []);
    const others = rounds.flatMap((round) => beside?.(round) ?? []);
    if (runs.length === 0) return [];
    const wall = median(runs.map((run) => run.seconds));
    const peak = median(runs.flatMap((run) => run.peakBytes ?? []));
    return [
      [
        title,
        seconds(wall),
        others.length > 0 ? ratio(wall / median(others.map((run) => run.seconds))) : "",
        Number.isNaN(peak) ? "" : megabytes(peak),
      ],
    ];
  };
  const refused = median(rounds.flatMap(({ applyAgain }) => applyAgain?.conflicts ?? []));
  const conflicts = refused > 0 ? `, refused by ${refused} conflicts` : "";
  return table(
    ["", "wall", "of kubectl's", `memory (budget ${megabytes(BUDGET.peakBytes)})`],
    [
      ...row(
        "install: plan, apply, wait, prove",
        (round) => round.install,
        (round) => round.apply,
      ),
      ...row(
        `install again: nothing to do (budget ${ratio(BUDGET.again)})`,
        (round) => round.again,
        (round) => round.applyAgain,
      ),
      ...row("plan", (round) => round.plan),
      ...row("doctor", (round) => round.doctor),
      ...row("kubectl apply --server-side, no waiting", (round) => round.apply),
      ...row(`kubectl apply --server-side again${conflicts}`, (round) => round.applyAgain),
    ],
  );
};

const requestsTable = ({ install, again, plan, doctor, apply, applyAgain }: Round): string => {
  const runs = [
    ["install", install],
    ["install again", again],
    ["plan", plan],
    ["doctor", doctor],
    ["kubectl apply", apply],
    ["again", applyAgain],
  ] as const;
  const known = runs.flatMap(([title, run]) =>
    run ? [{ title, counted: run.counted, total: totalOf(run.counted) }] : [],
  );
  const row = (title: string, pick: (run: (typeof known)[number]) => number | undefined): readonly string[] => [
    title,
    ...known.map((run) => String(pick(run) || "")),
  ];
  return table(
    ["", ...known.map(({ title }) => title)],
    [
      row("requests", ({ total }) => total),
      row("objects written", ({ counted }) => counted.written),
      row(`more requests than those (budget ${BUDGET.requests})`, ({ total, counted }) => total - counted.written),
      ...VERBS.map((verb) =>
        row(verb === "list" ? `list (budget ${BUDGET.lists})` : verb, ({ counted }) => counted.byVerb[verb]),
      ),
    ],
  );
};

const reportOf = ({ events }: Run): Report => events.find(({ type }) => type === "report") as unknown as Report;

const makespanTable = async (runs: readonly Run[]): Promise<string> => {
  const config = await load({ flags: {}, env: {}, terminal: false });
  const graph = new Map(steps(withoutManifests(config)).map(({ id, needs }) => [id, needs]));
  const measured = runs.map((run) => {
    const report = reportOf(run);
    const path = criticalPath(report.steps.map(({ id, seconds }) => ({ id, seconds, needs: graph.get(id) ?? [] })));
    return { makespan: report.seconds, critical: path.seconds, ids: path.ids };
  });
  return `${table(
    ["", "makespan", "critical path", `ratio (budget ${ratio(BUDGET.makespan)})`],
    [
      [
        "install",
        seconds(median(measured.map(({ makespan }) => makespan))),
        seconds(median(measured.map(({ critical }) => critical))),
        ratio(median(measured.map(({ makespan, critical }) => makespan / critical))),
      ],
    ],
  )}By the steps' own seconds: ${measured[0]?.ids.join(" → ")}\n`;
};

const startTable = (folder: string): string => {
  const program = join(folder, "dist/main.js");
  const subjects = [
    ["node -e 0", ["-e", "0"]],
    ["--version", [program, "--version"]],
    ["--help", [program, "--help"]],
  ] as const;
  const times = subjects.map((): number[] => []);
  for (let round = 0; round < STARTS; round++)
    for (const [index, [, args]] of subjects.entries()) times[index]?.push(startUp(args));
  const [bare = 0, ...medians] = times.map(median);
  return table(
    ["", "wall", `of node's (budget ${ratio(BUDGET.start)})`],
    subjects.map(([title], index) => {
      const time = index === 0 ? bare : (medians[index - 1] ?? 0);
      return [title, milliseconds(time), index === 0 ? "" : ratio(time / bare)];
    }),
  );
};

const sizeLine = ({ bytes, files }: Built): string => `Bundle: ${megabytes(bytes)} in ${files} files.\n`;

const measure = async (folder: string, runs: number, manifests: string | undefined): Promise<void> => {
  const [built, release] = await Promise.all([buildInto(folder), writeRelease(folder, manifests)]);
  const repeat = async <T>(once: () => Promise<T>): Promise<readonly T[]> => {
    const results: T[] = [];
    for (let round = 0; round < runs; round++) results.push(await once());
    return results;
  };
  say(`${release.title}\nNode ${process.versions.node}, ${availableParallelism()} cores, medians of ${runs}\n${HOW}\n`);

  say("Work, in a sandbox without delays\n");
  const instant = await repeat(() => roundInSandbox(folder, release, 0));
  say(workTable(instant));

  say(`\nWork, in a sandbox whose answers take ${REAL_LATENCY} ms more, as those of a real server did\n`);
  say(workTable(await repeat(() => roundInSandbox(folder, release, REAL_LATENCY))));

  say(`\nWaiting, in a sandbox with fixed delays: its seconds last ${PACE.delayed} ms\n`);
  const delayed = await repeat(() => inWorld(folder, { pace: PACE.delayed }, (place) => ours(folder, place, release)));
  say(await makespanTable(delayed.map(({ install }) => install)));
  say(`\nRequests, of the first round each\n${requestsTable({ ...instant[0], ...delayed[0] } as Round)}`);

  say(`\nStart, medians of ${STARTS}\n${startTable(folder)}\n${sizeLine(built)}`);

  say(`\n${await issuanceSection(folder, runs)}`);

  say(`\nDiagnosis, in a sandbox without delays\n${await doctorSection(folder, release, runs)}`);

  const kubeconfig = process.env.KN_TEST_KUBECONFIG;
  if (!kubeconfig) return;
  say("\nWork and waiting in the cluster of KN_TEST_KUBECONFIG, once\n");
  const round = await roundInCluster(folder, { kubeconfig, gateway: [] }, release);
  say(`${workTable([round])}${await makespanTable([round.install])}${requestsTable(round)}`);
};

const { values: flags } = parseArgs({
  options: { manifests: { type: "string" }, runs: { type: "string", default: "3" }, help: { type: "boolean" } },
});
if (flags.help) say(USAGE);
else {
  const folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-bench-"));
  try {
    await measure(folder, Math.max(1, Number(flags.runs) || 1), flags.manifests);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
