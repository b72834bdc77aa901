import { expect } from "vitest";
import { chanceOf } from "../../scripts/fuzz/chance.ts";
import { ROOT } from "../../src/certificates/self-signed/root.ts";
import { HOME, OWNER_LABEL } from "../../src/kube/inventory.ts";
import type { ApiRequest, ApiResponse, Obj } from "../../src/sandbox/types.ts";
import type { Outcome } from "../engine/cli.ts";
import { patientSeconds } from "../patience.ts";
import type { Contents } from "./contents.ts";
import { type Around, type Incident, incidentsOf } from "./incidents.ts";
import { atOnce } from "./kill-everywhere.ts";
import { openScene, type Scene } from "./scene.ts";

const INSTALL = ["install", "--yes", "-o", "json", "--knative-version", "1.23"];
const VARIANTS: readonly (readonly string[])[] = [
  [],
  ["--tls", "none"],
  ["--hpa", "--domain", "apps.example.com", "--http", "enabled"],
];
const UNINSTALLS: readonly (readonly string[])[] = [
  ["uninstall", "--yes", "-o", "json"],
  ["uninstall", "--yes", "-o", "json", "--purge"],
];
/** Of a step, in seconds of this machine: a thousand of the cluster. */
const TIMEOUT = ["--timeout", patientSeconds(3)];
const MEND_TIMEOUT = ["--timeout", patientSeconds(10)];
/** About as many requests as a run makes. */
const REQUESTS = { install: 240, uninstall: 280 };
const AT_ONCE = 8;

/** Somebody deleted a namespace, and the webhook of its own that guards it went first. */
const ORPHAN = /kubectl delete (validating|mutating)webhookconfiguration ([\w.-]+)/g;
/** Causes that say that somebody else was at work. */
const BLAME = /^(apply\.(appeared|conflict)|plan\.conflicts|run\.(unagreed|vanished)|lock\.|uninstall\.)/;

/** What incidents happen to. */
const KINDS = [
  ["v1", "Namespace"],
  ["v1", "ConfigMap"],
  ["v1", "Secret"],
  ["v1", "Service"],
  ["v1", "ServiceAccount"],
  ["apps/v1", "Deployment"],
  ["rbac.authorization.k8s.io/v1", "ClusterRole"],
  ["rbac.authorization.k8s.io/v1", "ClusterRoleBinding"],
  ["apiextensions.k8s.io/v1", "CustomResourceDefinition"],
  ["admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"],
  ["serving.knative.dev/v1", "Service"],
] as const;

type Command = readonly string[];

/**
 * For each seed: an install and an uninstall that meet incidents, each followed by what its error advises: the same command again.
 * A disturbed run succeeds or names its cause; in the end the cluster holds what undisturbed runs leave.
 */
export const runSeeds = async (seeds: readonly number[]): Promise<void> => {
  const outcomes = new Map<string, number>();
  const known = new Map<string, Promise<Contents>>();
  const reference = (commands: readonly Command[]): Promise<Contents> => {
    const id = JSON.stringify(commands);
    const contents = known.get(id) ?? undisturbed(commands);
    known.set(id, contents);
    return contents;
  };
  const failures: unknown[] = [];
  await atOnce(AT_ONCE, seeds, async (seed) => {
    try {
      for (const outcome of await runSeed(seed, reference)) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    } catch (error) {
      failures.push(error);
    }
  });
  const counts = [...outcomes].sort(([, a], [, b]) => b - a).map(([name, count]) => `${count} ${name}`);
  process.stdout.write(`faults: ${seeds.length} seeds, ${2 * seeds.length} disturbed runs: ${counts.join(", ")}\n`);
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} seeds failed`);
};

const undisturbed = async (commands: readonly Command[]): Promise<Contents> => {
  const scene = await openScene();
  try {
    for (const command of commands) expect((await scene.run(...command)).code).toBe(0);
    return await scene.contents();
  } finally {
    await scene.close();
  }
};

/** Resolves to how the disturbed runs ended: `done`, `killed`, or the id of the cause. */
const runSeed = async (
  seed: number,
  reference: (commands: readonly Command[]) => Promise<Contents>,
): Promise<readonly string[]> => {
  const chance = chanceOf(seed);
  const install = [...INSTALL, ...chance.pick(VARIANTS)];
  const uninstall = chance.pick(UNINSTALLS);
  let meet: Meeting = () => undefined;
  const scene = await openScene({ onRequest: (request) => meet(request) });
  const disturb = async (command: Command, requests: number, targets: () => readonly Obj[]): Promise<string> => {
    const incidents = incidentsOf(chance, requests);
    const story = `seed ${seed}: ${command.join(" ")}, ${incidents.map(({ name, at, times }) => `${name} at ${at} ×${times}`).join(", ")}`;
    const client = await scene.client();
    meet = meeting(incidents, { api: scene.api, client, chance, targets });
    const outcome = await client.run(...command, ...TIMEOUT);
    meet = () => undefined;
    const ending = client.isKilled() ? "killed" : endingOf(outcome, story);
    const meddled = incidents.some(({ meddling }) => meddling);
    if (!meddled) expect(ending, `${story}: ${outcome.stderr}`).not.toMatch(BLAME);
    if (meddled || ending !== "done") await mend(scene, command, story);
    return ending;
  };
  try {
    const first = await disturb(install, REQUESTS.install, () => ours(scene).filter((object) => !isRoot(object)));
    await scene.settlesAs(await reference([install]), `seed ${seed}`);
    // What outlives an uninstall is not made again by it.
    const second = await disturb(uninstall, REQUESTS.uninstall, () => ours(scene).filter((object) => !isKept(object)));
    await scene.settlesAs(await reference([install, uninstall]), `seed ${seed}`);
    return [first, second];
  } finally {
    await scene.close();
  }
};

type Meeting = (request: ApiRequest) => ApiResponse | undefined | Promise<ApiResponse | undefined>;

const meeting = (incidents: readonly Incident[], around: Around): Meeting => {
  let requests = 0;
  return async (request) => {
    const now = ++requests;
    for (const { at, times, strike } of incidents) {
      const answer = now >= at && now < at + times ? await strike(request, around) : undefined;
      if (answer) return answer;
    }
    return undefined;
  };
};

const ours = ({ api }: Scene): readonly Obj[] =>
  KINDS.flatMap(([apiVersion, kind]) => api.list(apiVersion, kind)).filter(
    ({ metadata }) => metadata.labels?.[OWNER_LABEL] !== undefined,
  );
const isKept = ({ metadata }: Obj): boolean => metadata.namespace === HOME || metadata.name === HOME;
/** A new root is made for the next certificate only: those who trust the old one still can. */
const isRoot = ({ metadata }: Obj): boolean => metadata.name === ROOT.name;

const endingOf = ({ code, events, stderr }: Outcome, story: string): string => {
  if (code === 0) return "done";
  const error = events.find(({ type }) => type === "error");
  expect([1, 2, 3], `${story}: ${stderr}`).toContain(code);
  expect(error?.id, `${story}: ${stderr}`).toEqual(expect.stringMatching(/^(?!bug$)\w/));
  return String(error?.id);
};

/** What the errors advise: the same command again, and --take-ownership where somebody else owns what we set. */
const mend = async (scene: Scene, command: Command, story: string): Promise<void> => {
  let outcome = await scene.run(...command, ...MEND_TIMEOUT);
  const error = JSON.stringify(outcome.events.find(({ type }) => type === "error") ?? {});
  const orphans = [...error.matchAll(ORPHAN)];
  if (orphans.length > 0) {
    for (const [, word, name = ""] of orphans) {
      const kind = word === "validating" ? "ValidatingWebhookConfiguration" : "MutatingWebhookConfiguration";
      await scene.api.remove({ apiVersion: "admissionregistration.k8s.io/v1", kind, name });
    }
    outcome = await scene.run(...command, ...MEND_TIMEOUT);
    // With the namespace went what it owned, after that plan was made.
    if (endingOf(outcome, story) === "run.unagreed") outcome = await scene.run(...command, ...MEND_TIMEOUT);
  }
  if (endingOf(outcome, story) === "plan.conflicts")
    outcome = await scene.run(...command, ...MEND_TIMEOUT, "--take-ownership");
  expect(outcome.code, `${story}: ${outcome.stderr}`).toBe(0);
};
