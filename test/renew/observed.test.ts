import { describe, expect, it } from "vitest";
import { kn, type Outcome } from "../engine/cli.ts";
import { isThorough } from "../thorough.ts";
import { ACME, ended, giveCredentials, HOME, IMAGE, openScene } from "./scene.ts";

/** Logging and metrics of an installation that is renewed and rehearsed. */

const OBSERVED = ["--logging", "elasticsearch", "--metrics", "prometheus"];

const findingsOf = ({ events }: Outcome): Readonly<Record<string, string>> =>
  Object.fromEntries(
    events
      .flatMap(({ findings }) => (Array.isArray(findings) ? findings : []))
      .map(({ id, status, summary }) => [id, `${status}: ${summary}`]),
  );

describe("with logs in Elasticsearch and metrics for Prometheus", () => {
  it("the CronJob renews and touches neither, and nothing is left to do", async () => {
    const scene = await openScene([...ACME, ...OBSERVED]);
    await using _scene = { [Symbol.asyncDispose]: scene.close };
    await giveCredentials(scene, "aws", scene.internet.env);
    const cron = ["--install-cronjob", "--image", IMAGE, "--credentials-secret", "aws"];
    const scheduled = await scene.run("renew", "--yes", ...cron);
    expect(scheduled.code, scheduled.stderr).toBe(0);
    const before = scene.secret()?.serial ?? "";
    scene.internet.acme.moveRenewal(before);
    expect(await ended(scene, await scene.world.runCronJob(HOME, "renew"))).toBe("Complete");
    const renewal = scene.ran.at(-1)?.outcome;
    expect(renewal?.code, renewal?.stderr).toBe(0);
    expect(scene.secret()?.serial).not.toBe(before);
    expect(renewal?.stderr).not.toMatch(/log of a request|counted at port/);
    expect([...scene.asked].filter((question) => /kube-logging|monitoring\.coreos/.test(question))).toEqual([]);
    const plan = await scene.run("plan", "--exit-code");
    expect(plan.code, plan.stdout).toBe(0);
  });

  it.runIf(isThorough)("a rehearsal shows the proof of both, and ends with nothing left", async () => {
    const { code, events, stderr } = await kn({ kubeconfig: "/nowhere", standIns: true }, [
      ...["rehearse", "--tls", "none", ...OBSERVED, "-o", "json"],
    ]);
    expect(code, stderr).toBe(0);
    expect(findingsOf({ events } as Outcome)).toMatchObject({
      "logging.arrived": expect.stringMatching(/^ok: the log of a request has arrived: status 200, latency /),
      "metrics.exported": expect.stringMatching(/^ok: /),
      "metrics.requests": expect.stringMatching(/^ok: \d+ requests? (is|are) counted/),
    });
  });
});
