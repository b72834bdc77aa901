import { afterAll, describe, expect, it } from "vitest";
import { patient, patientSeconds } from "../patience.ts";
import { POLICIES, type Policy, SERVICE } from "./policies.ts";
import { NEVER } from "./row.ts";
import { openScene, type Run, type Sees } from "./scene.ts";
import { askedTwice, conditionOf, podWaits, refusedTwice, revisionFailed } from "./sights.ts";

/** The proof's wait, in the cases in which Knative's `Ready` says no more than RevisionMissing. */

const SOON_MS = patient(10_000);
const NO_SUCH_HOST = 'Get "https://ghcr.io/v2/": dial tcp: lookup ghcr.io on 10.96.0.10:53: no such host';

interface Case extends Policy {
  readonly refusal?: string;
  readonly args?: readonly string[];
  /** When the cause can be seen, and when it is sure that waiting does not help. */
  readonly visible: Sees;
  readonly certain?: Sees;
}

const podsRefused: Sees = (api) =>
  api
    .list("apps/v1", "Deployment", "kn-bootstrap")
    .some((deployment) => conditionOf(deployment, "ReplicaFailure")?.status === "True");
const notFound = (image: string): string =>
  `failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found`;

const IMAGE = "ghcr.io/knative/helloworld-go";
const REFUSED: readonly Case[] = [
  {
    title: "an image that the registry does not have",
    refusal: notFound(IMAGE),
    visible: revisionFailed,
    certain: askedTwice,
    what: `${SERVICE} cannot get its image: 404 from ghcr.io (manifest unknown)`,
    remedy: { text: /does not have .*helloworld.*--image-registry/, command: /kubectl describe revision hello-00001/ },
  },
  {
    title: "the same, where only the nodes ask",
    refusal: notFound(IMAGE),
    args: ["--skip-tag-resolution", "ghcr.io"],
    visible: podWaits("ErrImagePull", "hello"),
    certain: refusedTwice("hello"),
    what: `${SERVICE}: ImagePullBackOff: 404 from ghcr.io (manifest unknown)`,
    remedy: { text: /does not have .*helloworld.*--image-registry/, command: /kubectl describe pod hello-00001-/ },
  },
  {
    title: "a registry that does not answer",
    refusal: NO_SUCH_HOST,
    visible: revisionFailed,
    what: `${SERVICE} cannot get its image: dial tcp: lookup ghcr.io on 10.96.0.10:53: no such host`,
    remedy: { text: /--skip-tag-resolution ghcr\.io/, command: /kubectl describe revision hello-00001/ },
  },
  ...POLICIES.map((policy) => ({ ...policy, visible: podsRefused, certain: podsRefused })),
];

const lines: string[] = [];
const waitsOf = (run: Run) =>
  run.said.filter(({ event }) => event.type === "waiting" && event.check === "proof.ready").map(({ event }) => event);

describe("the proof explains itself", () => {
  it("a healthy one: says what it waits for and goes on", async () => {
    await using cleanup = new AsyncDisposableStack();
    const scene = await openScene();
    cleanup.defer(scene.close);
    const run = await scene.run(["install", "--yes"]);
    expect(run.code, run.stderr).toBe(0);
    const reasons = waitsOf(run).map(({ reason }) => String(reason));
    for (const reason of reasons) expect(reason).toMatch(/^Knative Service kn-bootstrap\/hello is not ready yet/);
    lines.push(
      `healthy: ready, after ${reasons.map((reason) => reason.replace(`${SERVICE} is not ready yet: `, "")).join(" → ")}`,
    );
  });

  it.each(REFUSED.map((one) => [one.title, one] as const))("%s", async (_title, one) => {
    await using cleanup = new AsyncDisposableStack();
    const { labels = {}, objects = [], refusal, args = [], remedy } = one;
    const scene = await openScene(
      refusal === undefined ? {} : { pull: (image) => (image.includes("helloworld") ? refusal : undefined) },
    );
    cleanup.defer(scene.close);
    await scene.api.create("test", { apiVersion: "v1", kind: "Namespace", metadata: { name: "kn-bootstrap", labels } });
    for (const object of objects) await scene.api.create("test", object);
    const seen = scene.sight(one.visible);
    const certain = scene.sight(one.certain ?? one.visible);
    const run = await scene.run([
      "install",
      "--yes",
      ...args,
      ...(one.certain ? [] : ["--timeout", patientSeconds(3)]),
    ]);
    expect(run.code, run.stderr).toBe(1);
    expect(run.said.at(-1)?.event).toMatchObject({
      type: "error",
      what: one.what,
      why: one.certain ? NEVER : '"A Knative Service becomes ready" did not come true in time.',
      remedy: {
        text: expect.stringMatching(remedy?.text ?? /./),
        command: expect.stringMatching(remedy?.command ?? /./),
      },
    });
    const said = run.said.find(({ event }) => event.reason === one.what || event.error === one.what)?.at ?? 0;
    const ended = run.said.find(({ event }) => event.type === "step-failed")?.at ?? 0;
    const late = Math.round(said - (seen() ?? 0));
    expect(late).toBeLessThanOrEqual(SOON_MS);
    const end = one.certain ? `, ended ${Math.round(ended - (certain() ?? 0))} ms after it was certain` : ", waits on";
    if (one.certain) expect(ended - (certain() ?? 0)).toBeLessThanOrEqual(SOON_MS);
    lines.push(`${one.title}: said ${late} ms after it could be seen${end}: ${one.what}`);
  });

  afterAll(() => {
    process.stdout.write(`the proof's waits:\n${lines.map((line) => `  ${line}\n`).join("")}`);
  });
});
