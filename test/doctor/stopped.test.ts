import { describe, expect, it } from "vitest";
import { admissionReached } from "../../src/checks/admission-path.ts";
import { installFinished } from "../../src/checks/finished.ts";
import { knativeInstalled } from "../../src/checks/serving.ts";
import { runNotStopped, writesAdmitted } from "../../src/checks/stopped.ts";
import { diagnosisOf, findingOf, KNATIVE, object } from "./scene.ts";

const AT = "2026-11-30T11:00:00.000Z";
const state = (stopped?: object, more: Readonly<Record<string, string>> = {}) =>
  object("ConfigMap", "kn-bootstrap/state", {
    data: {
      choices: JSON.stringify({ tls: "self-signed" }),
      ...(stopped ? { stopped: JSON.stringify({ at: AT, advice: "", ...stopped }) } : {}),
      ...more,
    },
  });
const PROOF = {
  id: "proof.ready",
  what: "Knative Service kn-bootstrap/hello cannot get its image: 404 from ghcr.io",
  advice: "ghcr.io does not have it: copy the image there.",
};
const DENIED = {
  id: "apply.refused",
  what: "The server refused create of Deployment knative-serving/activator.",
  answer: 'admission webhook "policy.example.com" denied the request: deployments need the label team',
};
const called = (webhook: string) => ({
  id: "run.timeout",
  what: `ConfigMap knative-serving/config-network could not be written in time: the webhook ${webhook} cannot be called`,
  answer: `Internal error occurred: failed calling webhook "${webhook}": failed to call webhook: Post "https://webhook.knative-serving.svc:443/?timeout=10s": context deadline exceeded`,
});
const QUOTA = {
  id: "apply.refused",
  what: "The server refused create of Service kourier-system/kourier.",
  answer: "exceeded quota: compute, requested: services.loadbalancers=1, used: 0, limited: 0",
};

describe("what has stopped an install is told where nothing else tells it", () => {
  it.each([
    ["the proof's image", PROOF, ["skipped", "fail", "ok"], /cannot get its image: 404 from ghcr\.io$/],
    ["a policy", DENIED, ["fail", "skipped", "ok"], /activator: admission webhook "policy\.example\.com" denied/],
    ["a webhook of others", called("kyverno.example.com"), ["fail", "skipped", "ok"], /kyverno.* cannot be called$/],
    ["Knative's webhook", called("config.webhook.serving.knative.dev"), ["skipped", "fail", "fail"], /config-network/],
    ["a quota", QUOTA, ["skipped", "fail", "ok"], /refused create of Service kourier-system\/kourier$/],
  ])("%s", async (_what, stopped, statuses, summary) => {
    const scene = { objects: [...KNATIVE, state(stopped)] };
    const found = await Promise.all(
      [writesAdmitted, runNotStopped, admissionReached].map((check) => findingOf(scene, check)),
    );
    expect(found.map(({ status }) => status)).toEqual(statuses);
    expect(found.find(({ status }) => status === "fail")?.summary).toMatch(summary);
  });

  it("says what to do, and to go on", async () => {
    const objects = [...KNATIVE, state(PROOF)];
    expect(await findingOf({ objects }, runNotStopped)).toMatchObject({
      remedy: {
        text: expect.stringMatching(/^What kn-bootstrap install advised: .*copy the image there\.$/),
        command: "kn-bootstrap install",
      },
      evidence: [{ field: ".data.stopped", observed: `${AT}: ${PROOF.what}` }],
    });
    expect(await findingOf({ objects: [state(DENIED)] }, writesAdmitted)).toMatchObject({
      remedy: {
        text: expect.stringMatching(/Change the policy.* Then run kn-bootstrap install again\./),
        command: expect.stringContaining("policy.example.com"),
      },
    });
  });

  it("warns where what was proved before may work still", async () => {
    const objects = [...KNATIVE, state(PROOF, { proved: "a" })];
    expect(await findingOf({ objects }, runNotStopped)).toMatchObject({ status: "warn" });
  });

  it.each([
    ["nothing of ours", [], "skipped"],
    ["nothing has stopped it", [state()], "ok"],
    ["somebody else's words", [state(undefined, { stopped: "soon" })], "ok"],
  ])("%s", async (_what, objects, status) => {
    for (const check of [writesAdmitted, runNotStopped])
      expect(await findingOf({ objects }, check)).toMatchObject({ status });
  });
});

describe("an installation that has not come to its end", () => {
  const leads = async (...objects: Parameters<typeof findingOf>[0]["objects"]) =>
    (await diagnosisOf({ objects }, [writesAdmitted, knativeInstalled, runNotStopped, installFinished])).causes.map(
      ({ check }) => check.id,
    );

  it("is a cause only where nothing explains it", async () => {
    expect(await leads(...KNATIVE, state())).toEqual(["knative.finished"]);
    expect(await leads(...KNATIVE, state(PROOF))).toEqual(["knative.stopped"]);
    expect(await leads(state(DENIED))).toEqual(["knative.admitted"]);
  });

  it("is gone on with where it has begun, and not where it was taken away", async () => {
    const remedyFor = async (one: ReturnType<typeof state> | undefined) => {
      const finding = await findingOf({ objects: one ? [one] : [] }, knativeInstalled);
      return "remedy" in finding ? finding.remedy.command : undefined;
    };
    expect(await remedyFor(state())).toBe("kn-bootstrap install");
    expect(await remedyFor(state(DENIED, { proved: "a" }))).toBe("kn-bootstrap install");
    expect(await remedyFor(state(undefined, { proved: "a" }))).toBe("kn-bootstrap plan");
    expect(await remedyFor(undefined)).toBe("kn-bootstrap plan");
  });
});
