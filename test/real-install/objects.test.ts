import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Api, Obj } from "../../src/sandbox/types.ts";
import { kn, stage } from "../engine/cli.ts";
import { patient } from "../patience.ts";
import { hasShared, sharedPath } from "../sandbox-api/shared.ts";
import { kindsOf } from "../trust/contents.ts";
import { hasUpstream, UPSTREAM } from "../trust/upstream.ts";
import { type Fields, fieldsOf } from "./normal.ts";

const RECORDING = "conformance/real-install/objects.json";
/** What ran when the recording was made. */
const INSTALL = [
  ["install", "--yes", "--knative-version", "1.23", "--manifests", UPSTREAM],
  ["--tls", "self-signed", "--domain", "apps.example.com", "--dns", "none", "--skip-tag-resolution", "ghcr.io"],
].flat();

interface Difference {
  readonly object: string;
  /** Empty: the whole object is missing on one side. */
  readonly path: string;
  readonly recorded: string | undefined;
  readonly rehearsed: string | undefined;
}

/** Options that there were not when the recording was made. */
const NEWER = /\n {2}"(profile": "standard"|(mesh|keep-hello)": false|metrics": "none"),/g;

const asRecorded = (object: Obj): Obj =>
  object.data?.choices
    ? { ...object, data: { ...object.data, choices: object.data.choices.replace(NEWER, "") } }
    : object;

/** Pods of the proof. */
const PROOF = /^Pod\.\/kn-bootstrap\/hello-/;

/** What may differ, and why. */
const ALLOWED: readonly {
  readonly object: RegExp;
  readonly path: RegExp;
  readonly why: string;
  readonly passing?: true;
}[] = [
  {
    object: /^ClusterRole\..*\/kn-bootstrap-install$/,
    path: /^$/,
    why: "made by hand, for the account that recorded",
  },
  {
    object: /^(Pod|Endpoints|EndpointSlice\.discovery\.k8s\.io)\.?\/kn-bootstrap\/hello-/,
    path: /^$/,
    why: "pods of the proof that still drain, and what lists them: how many, is a matter of the moment",
    passing: true,
  },
  {
    object: PROOF,
    path: /^\.status\.(conditions|containerStatuses)\[.*\.(status|reason|message|ready|started|state\..*)$/,
    why: "how far they have drained is a matter of the moment, too",
    passing: true,
  },
  {
    object: PROOF,
    path: /annotations\."serving\.knative\.dev\/creator"$/,
    why: "who recorded",
    passing: true,
  },
  {
    object: PROOF,
    path: /annotations\."autoscaling\.knative\.dev\/window"$/,
    why: "the proof has had less patience with its pods since the recording was made",
    passing: true,
  },
  {
    object: PROOF,
    path: /^\.spec\.containers\[queue-proxy\]\.env\[26\]\.value$/,
    why: "OBSERVABILITY_CONFIG: its defaults are written out on a real one",
    passing: true,
  },
  {
    object: /^ConfigMap\.\/kn-bootstrap\/state$/,
    path: /insisted$/,
    why: "kept since the recording was made: which choices somebody has said",
  },
  {
    object: /^Secret\.\/kn-bootstrap\/wildcard-tls$/,
    path: /kn-bootstrap\/made-by$/,
    why: "kept since the recording was made: which way to TLS made the certificate",
  },
  {
    object: /^CustomResourceDefinition\./,
    path: /^\.spec\.versions\[\d+\]\.(schema|additionalPrinterColumns)|^\.metadata\.managedFields/,
    why: "left out of the recording",
  },
  { object: /^(Pod|ReplicaSet)\./, path: /^\.metadata\.managedFields/, why: "left out of the recording" },
  {
    object: /^Service\.\/kourier-system\/kourier$/,
    path: /^\.metadata\.managedFields\[(lab-lb|cloud-controller-manager) /,
    why: "the recording's load balancer was a stand-in of another name",
  },
  {
    object: /^Pod\./,
    path: /^\.status\.(allocatedResources|resources|containerStatuses\[.*\]\.(allocatedResources|containerID|image|imageID|resources|user|volumeMounts))/,
    why: "nothing really runs in these containers",
  },
  {
    object: /^HorizontalPodAutoscaler\./,
    path: /^\.status\.currentMetrics\[0\]/,
    why: "a metric of no type: an empty text there, left out here",
  },
  {
    object: /^EndpointSlice\./,
    path: /^\.metadata\.generation$/,
    why: "counts how often pods were seen on their way to ready",
  },
  {
    object: /^Endpoints\.\/knative-serving\/net-kourier-controller$/,
    path: /annotations/,
    why: "the real controller drops it when the last change was a pod that went",
  },
];

const present = hasShared(RECORDING) && hasUpstream;

describe.skipIf(!present)("what a cluster holds after an install", () => {
  let recorded: Fields;
  let rehearsed: Fields;
  let world: Awaited<ReturnType<typeof stage>>;

  beforeAll(async () => {
    recorded = fieldsOf(Object.values(JSON.parse(readFileSync(sharedPath(RECORDING), "utf8")) as Record<string, Obj>));
    world = await stage();
    const before = new Set((await everything(world.api)).map(({ metadata }) => metadata.uid));
    const outcome = await kn(world, INSTALL);
    expect(outcome.code, outcome.stderr).toBe(0);
    await everyLeaseHeld(world.api);
    // What was made for the proof is collected owner by owner.
    const ofTheProof = () =>
      world.api.list("v1", "Service").filter(({ metadata }) => metadata.namespace === "kn-bootstrap");
    await vi.waitFor(() => expect(ofTheProof()).toEqual([]), { timeout: patient(10_000) });
    // Their nodes take note of pods that are told to go a moment later.
    const unseen = () =>
      world.api.list("v1", "Pod").filter(({ metadata, status }) => status?.observedGeneration !== metadata.generation);
    await vi.waitFor(() => expect(unseen()).toEqual([]), { timeout: patient(10_000) });
    const objects = await everything(world.api);
    rehearsed = fieldsOf(objects.filter(({ metadata }) => !before.has(metadata.uid)).map(asRecorded));
  });
  afterAll(() => world.close());

  it("is in the rehearsal what it was on a real one, field by field", () => {
    const differences = differencesOf(recorded, rehearsed);
    const ruleOf = ({ object, path }: Difference) =>
      ALLOWED.findIndex((rule) => rule.object.test(object) && rule.path.test(path));
    const byRule = Map.groupBy(differences, ruleOf);
    const fields = [...recorded.values()].reduce((sum, { size }) => sum + size, 0);
    const both = [...recorded.keys()].filter((key) => rehearsed.has(key)).length;
    process.stdout.write(
      [
        `a real install: ${recorded.size} objects recorded, ${both} compared, ${fields} fields; allowed differences:`,
        ...ALLOWED.map(({ why }, index) => `  ${byRule.get(index)?.length ?? 0} ${why}`),
        "",
      ].join("\n"),
    );
    expect((byRule.get(-1) ?? []).map(shown)).toEqual([]);
    const idle = ALLOWED.filter(({ passing }, index) => !passing && !byRule.has(index));
    expect(idle.map(({ why }) => why)).toEqual([]);
  });
});

const shown = ({ object, path, recorded, rehearsed }: Difference): string =>
  `${object} ${path}: ${recorded ?? "nothing"} on a real one, ${rehearsed ?? "nothing"} here`;

const differencesOf = (recorded: Fields, rehearsed: Fields): readonly Difference[] =>
  [...new Set([...recorded.keys(), ...rehearsed.keys()])].flatMap((object) => {
    const [there, here] = [recorded.get(object), rehearsed.get(object)];
    if (!there || !here) return [{ object, path: "", recorded: there && "an object", rehearsed: here && "an object" }];
    return [...new Set([...there.keys(), ...here.keys()])]
      .filter((path) => there.get(path) !== here.get(path))
      .map((path) => ({ object, path, recorded: there.get(path), rehearsed: here.get(path) }));
  });

const everything = async (api: Api): Promise<readonly Obj[]> =>
  (await kindsOf(api)).flatMap(({ apiVersion, kind }) => api.list(apiVersion, kind));

/** A Lease that was released by a pod that went is taken by its successor at its next try. */
const everyLeaseHeld = async (api: Api): Promise<void> => {
  const isHeld = ({ spec }: Obj): boolean => spec.holderIdentity !== "";
  for (let tries = 0; tries < 100; tries++) {
    if (api.list("coordination.k8s.io/v1", "Lease").every(isHeld)) return;
    await sleep(20);
  }
};
