import { describe, expect, it } from "vitest";
import { gitlabAgent } from "../../src/checks/gitlab/agent.ts";
import { findingOf, object } from "./scene.ts";

const NOW = "2026-11-30T12:00:00Z";
const deployment = (version: string, address: string) =>
  object(
    "Deployment.apps/v1",
    "gitlab-agent/prod-agent",
    {
      spec: {
        selector: { matchLabels: { app: "agent" } },
        template: {
          spec: {
            containers: [
              {
                name: "agentk",
                image: `registry.gitlab.com/gitlab-org/cluster-integration/gitlab-agent/agentk:${version}`,
                args: ["--token-file=/x", "--kas-address", address],
              },
            ],
          },
        },
      },
    },
    { annotations: { "meta.helm.sh/release-name": "prod" } },
  );
const pod = object(
  "Pod",
  "gitlab-agent/agent-1",
  { status: { phase: "Running", conditions: [{ type: "Initialized", status: "True" }] } },
  { labels: { app: "agent" } },
);
const line = (error: string, time = NOW) =>
  JSON.stringify({ level: "error", time, msg: "Reverse tunnel", error: `rpc error: ${error}` });
const find = (log: string, version = "v18.3.0", address = "wss://git.example.org/-/kubernetes-agent/") =>
  findingOf({ objects: [deployment(version, address), pod], now: NOW, logs: () => log }, gitlabAgent);

describe("gitlab.agent", () => {
  it("says nothing where there is none, of a quiet log, and of what is over", async () => {
    expect(await findingOf({ objects: [] }, gitlabAgent)).toMatchObject({ status: "skipped" });
    expect(await find("")).toMatchObject({ status: "ok" });
    expect(await find(line("code = Unauthenticated", "2026-11-30T11:00:00Z"))).toMatchObject({ status: "ok" });
    expect(await find("", "v18.3.0", "wss://kas.gitlab.com")).toMatchObject({ status: "ok" });
  });

  it.each([
    [
      "expected handshake response status code 101 but got 301",
      /does not end in a slash/,
      /kasAddress=wss:\/\/git\S+agent\/$/,
    ],
    ["x509: certificate signed by unknown authority", /does not trust/, /--set-file config\.kasCaCert=ca\.pem$/],
    ['malformed HTTP response "\\x15\\x03"', /speaks TLS/, /kasAddress=ws:\/\/git/],
    ["Failed to register agent pod. Please make sure the agent version matches", /different versions/, /image\.tag=/],
    ["Decompressor is not installed for grpc-encoding", /different versions/, /image\.tag=/],
    ["code = Unauthenticated desc = unauthenticated", /token was revoked/, /config\.token=/],
    ["dial tcp: lookup gitlab-kas: no such host", /does not resolve/, /config\.kasAddress=/],
    [
      "dial tcp 127.0.0.1:8150: connect: connection refused",
      /nobody listens/,
      /^helm get values prod -n gitlab-agent$/,
    ],
  ])("knows %s", async (error, words, command) => {
    const finding = await find(`${line("x", "2026-11-30T11:59:00Z")}\n${line(error)}\n`);
    expect(finding).toMatchObject({
      status: "fail",
      summary: expect.stringMatching(words),
      remedy: { command: expect.stringMatching(command) },
    });
    expect(finding.summary).toMatch(/^the GitLab agent \(Deployment gitlab-agent\/prod-agent\) is not connected/);
  });

  it("sees an address that will be redirected before anything is logged", async () => {
    expect(await find("", "v18.3.0", "wss://git.example.org/-/kubernetes-agent")).toMatchObject({
      status: "fail",
      remedy: { command: expect.stringMatching(/^helm upgrade prod gitlab\/gitlab-agent -n gitlab-agent .*agent\/$/) },
    });
  });

  it("goes by the version: a project for GitOps is read before 17.0 alone", async () => {
    const said = line("failed to get project info: not found or private");
    expect(await find(said, "v16.11.0")).toMatchObject({
      status: "fail",
      summary: expect.stringMatching(/for GitOps/),
    });
    expect(await find(said, "v17.0.0")).toMatchObject({ status: "ok" });
  });

  it("warns of a missing configuration, which keeps nobody from connecting; what does stands before it", async () => {
    const missing = line("Config: failed to fetch: configuration file not found");
    expect(await find(missing)).toMatchObject({ status: "warn" });
    expect(await find(`${line("no such host")}\n${missing}`)).toMatchObject({ status: "fail" });
  });

  it("is unknown when its log may not be read", async () => {
    expect(
      await findingOf({ objects: [deployment("v18.3.0", "wss://kas.gitlab.com"), pod], now: NOW }, gitlabAgent),
    ).toMatchObject({ status: "unknown" });
  });
});
