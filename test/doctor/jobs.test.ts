import { describe, expect, it } from "vitest";
import { domainJobEnded } from "../../src/checks/jobs/default-domain.ts";
import { renewalRuns } from "../../src/checks/jobs/renewal.ts";
import { configMap, findingOf, object, type Scene } from "./scene.ts";

const failed = {
  status: { conditions: [{ type: "Failed", status: "True", reason: "BackoffLimitExceeded", message: "limit" }] },
};
const complete = { status: { conditions: [{ type: "Complete", status: "True" }] } };

describe("the Job that sets a domain of magic DNS", () => {
  const job = (fields: object) =>
    object("Job.batch/v1", "knative-serving/default-domain", fields as never, { labels: { app: "default-domain" } });
  const pod = object("Pod", "knative-serving/default-domain-x", {}, { labels: { "job-name": "default-domain" } });
  const scene = (fields: object, log: string, domain?: string): Scene => ({
    objects: [configMap("config-domain", domain ? { [domain]: "" } : { _example: "x" }), job(fields), pod],
    logs: () => log,
  });
  /** As zap's production logger writes it for the program. */
  const fatal = (msg: string, error: string) =>
    `{"level":"info","ts":1,"msg":"Registering 2 clients"}\n${JSON.stringify({ level: "fatal", ts: 2, logger: "fallback.default-domain", msg, error, stacktrace: "main.main" })}\n`;

  it.each([
    [
      "has failed",
      failed,
      fatal("Error finding gateway address", "timed out waiting for the condition"),
      "fail",
      /set no domain: Error finding gateway address: timed out/,
      /twenty minutes/,
    ],
    [
      "met a load balancer with a name alone",
      failed,
      fatal("Error resolving the IP address of %q", "lookup a.elb: no such host"),
      "fail",
      /no such host/,
      /a domain of your own/,
    ],
    ["ended without a domain", complete, "", "warn", /there is no domain/, /no address|address in twenty/],
  ])("%s", async (_what, fields, log, status, summary, remedy) => {
    expect(await findingOf(scene(fields, log), domainJobEnded)).toMatchObject({
      status,
      summary: expect.stringMatching(summary),
      remedy: { text: expect.stringMatching(remedy) },
    });
  });

  it("is no news where there is a domain, and none where there is no Job", async () => {
    expect(await findingOf(scene(failed, "", "apps.example.com"), domainJobEnded)).toMatchObject({ status: "ok" });
    expect(await findingOf({ objects: [] }, domainJobEnded)).toMatchObject({ status: "skipped" });
  });

  it("waits without a word, and says what it can without the log", async () => {
    expect(await findingOf(scene({}, '{"level":"info","msg":"x"}'), domainJobEnded)).toMatchObject({ status: "ok" });
    const { logs: _logs, ...silent } = scene(failed, "");
    expect(await findingOf(silent, domainJobEnded)).toMatchObject({
      status: "fail",
      summary: expect.stringMatching(/it has failed/),
    });
  });
});

describe("the CronJob that renews", () => {
  const choices = JSON.stringify({ tls: "letsencrypt" });
  const state = object("ConfigMap", "kn-bootstrap/state", { data: { choices } });
  const cron = (spec: object = {}, status: object = { lastScheduleTime: "2026-11-30T04:07:00Z" }) =>
    object(
      "CronJob.batch/v1",
      "kn-bootstrap/renew",
      {
        spec: {
          schedule: "7 4 * * *",
          jobTemplate: {
            spec: { template: { spec: { containers: [{ envFrom: [{ secretRef: { name: "aws" } }] }] } } },
          },
          ...spec,
        },
        status,
      },
      { uid: "cron", creationTimestamp: "2026-10-01T00:00:00Z" },
    );
  const credentials = object("Secret", "kn-bootstrap/aws", { data: {} });
  const job = (fields: object) =>
    object("Job.batch/v1", "kn-bootstrap/renew-1", fields as never, {
      creationTimestamp: "2026-11-30T04:07:00Z",
      ownerReferences: [{ uid: "cron" }],
    });
  const pod = object(
    "Pod",
    "kn-bootstrap/renew-1-x",
    {
      status: {
        containerStatuses: [
          {
            state: {
              terminated: {
                exitCode: 3,
                message: '{"type":"error","v":1,"what":"The CA does not answer.","exitCode":3}\n',
              },
            },
          },
        ],
      },
    },
    { labels: { "job-name": "renew-1" } },
  );
  const look = (...objects: ReturnType<typeof object>[]) => findingOf({ objects: [state, ...objects] }, renewalRuns);

  it.each([
    ["is suspended", [cron({ suspend: true }), credentials], "warn", /suspended: nobody renews/],
    ["has lost its credentials", [cron()], "fail", /Secret kn-bootstrap\/aws, which does not exist/],
    [
      "has failed",
      [cron(), credentials, job(failed), pod],
      "fail",
      /has failed: The CA does not answer\.; it has not ended well yet/,
    ],
    [
      "has not started for days",
      [cron({}, { lastScheduleTime: "2026-11-20T04:07:00Z" }), credentials],
      "fail",
      /no run since 2026-11-20/,
    ],
    [
      "is well",
      [
        cron({}, { lastScheduleTime: "2026-11-30T04:07:00Z", lastSuccessfulTime: "2026-11-30T04:08:00Z" }),
        credentials,
        job(complete),
      ],
      "ok",
      /well last on 2026-11-30/,
    ],
    ["is not there", [], "skipped", /somebody runs/],
  ])("%s", async (_what, objects, status, summary) => {
    expect(await look(...objects)).toMatchObject({ status, summary: expect.stringMatching(summary) });
  });
});
