import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "dns-packet";
import { runPlugin } from "../../src/adapters/cluster/exec.ts";
import { loadKubeconfig } from "../../src/adapters/cluster/index.ts";
import { decodeAnswer, toAnswer } from "../../src/adapters/resolver/wire.ts";
import { caaRecord, explained, OrderFailed } from "../../src/certificates/acme/problems.ts";
import { judgeProvided } from "../../src/certificates/provided.ts";
import { clusterRoleYaml } from "../../src/checks/cluster-role.ts";
import { whyNotReady } from "../../src/checks/knative-service/index.ts";
import { podsProblem } from "../../src/checks/pods.ts";
import { pullProblem } from "../../src/checks/pull.ts";
import type { ReadContext } from "../../src/core/check.ts";
import { delegationOf, delegationProblem } from "../../src/dns/delegation.ts";
import { zoneLine } from "../../src/dns/manual/open.ts";
import { explainedError } from "../../src/dns/route53/problems.ts";
import { denialOf } from "../../src/kube/denial.ts";
import { busyLock } from "../../src/kube/lease.ts";
import { webhookFailure } from "../../src/kube/webhook-failure.ts";
import { AuthorityError, AuthorityUnreachable } from "../../src/ports/authority.ts";
import type { Answer, Resolver } from "../../src/ports/dns.ts";
import { unescapedName } from "../../src/ports/dns-name.ts";
import { type Remedy, UserError } from "../../src/ports/error.ts";
import type { KubeObject } from "../../src/ports/object.ts";

/** Bad news that holds a text from outside, as the engine tells it. */
export interface News {
  readonly what: string;
  readonly remedy: Remedy;
}

const told = async (work: () => unknown): Promise<News> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof UserError) return { what: [error.message, error.why].join(" "), remedy: error.remedy };
    throw error;
  }
  throw new Error("nothing was refused");
};

const found = (finding: { readonly summary: string; readonly remedy?: Remedy } | undefined): News => {
  if (!finding?.remedy) throw new Error("nothing was found");
  return { what: finding.summary, remedy: finding.remedy };
};

/** A cluster that has exactly these. */
const holding = (...objects: readonly KubeObject[]) =>
  ({
    cluster: {
      get: async ({ kind, name }: { kind: string; name: string }) =>
        objects.find((one) => one.kind === kind && one.metadata.name === name),
      list: async ({ kind }: { kind: string }) => objects.filter((one) => one.kind === kind),
    },
    now: () => new Date(),
  }) as unknown as ReadContext;

/** What a parent's server would say: the name goes through a real message. */
const delegatedTo = (hostile: string): Resolver => {
  const answer = (name: string, type: string): Answer => {
    const isParent = name === "com";
    const records = type === "NS" && isParent ? [{ name, type: "NS" as const, ttl: 60, data: "a.example.net" }] : [];
    const target = `${hostile.slice(0, 50).replaceAll(".", "")}.example.net`;
    const authority =
      type === "NS" && !isParent ? [{ name: "example.com", type: "NS" as const, ttl: 60, data: target }] : [];
    const message = encode({
      type: "response",
      id: 7,
      flags: 0,
      questions: [{ name: unescapedName(name), type: type as "NS", class: "IN" }],
      answers: type === "A" ? [{ name: unescapedName(name), type: "A", ttl: 60, data: "192.0.2.1" }] : records,
      authorities: authority,
    });
    const packet = decodeAnswer(message, { name, type: type as "NS", recursion: false }, 7);
    if (!packet) throw new Error(`no answer about ${name}`);
    return toAnswer("192.0.2.1", packet);
  };
  return {
    server: "192.0.2.53",
    ask: async (name, type) => answer(name, type),
    askUnchecked: async (name) => answer(name, "TXT"),
    askServer: async (_at, name, type) => answer(name, type),
  };
};

const kubeconfig = (text: object): string => {
  const path = join(mkdtempSync(join(tmpdir(), "kn-bootstrap-hostile-")), "config");
  writeFileSync(path, JSON.stringify(text));
  return path;
};

const directory = "https://ca.example.com/directory";
const context = { directory, names: ["*.apps.example.com"] };

/** Where texts come from, and what is told about each. */
export const SOURCES: readonly (readonly [string, (hostile: string) => Promise<News>])[] = [
  [
    "the name of a name server",
    async (hostile) => {
      const resolver = delegatedTo(hostile);
      const zone = { id: "Z1", name: "example.com", isPrivate: false, nameServers: ["ns1.example.org"] };
      const delegation = await delegationOf(resolver, zone.name);
      const problem = await delegationProblem(resolver, delegation, zone);
      if (!problem) throw new Error("no problem was seen");
      return {
        what: `${problem.what} ${delegation.servers.map(({ name }) => name)}`,
        remedy: problem.remedy,
      };
    },
  ],
  [
    "a CA's problem",
    async (hostile) =>
      told(() => {
        throw explained(
          new AuthorityError(
            { type: "unauthorized", detail: hostile, subproblems: [{ type: "dns", detail: hostile, name: hostile }] },
            "challenge",
            "POST",
          ),
          context,
        );
      }),
  ],
  [
    "a CA's own names",
    async (hostile) => {
      const info = { caaIdentities: [hostile], profiles: { [hostile]: hostile }, termsOfService: hostile } as never;
      return {
        what: hostile,
        remedy: {
          text: "Add this:",
          command: caaRecord(`*.${hostile}`, { ...context, info, accountUrl: `https://ca/${hostile}` }),
        },
      };
    },
  ],
  [
    "a CA's refusal of an order",
    async (hostile) =>
      told(() => {
        throw explained(new OrderFailed([{ name: hostile, problem: { type: "caa", detail: hostile } }]), context);
      }),
  ],
  [
    "what answers in a CA's place",
    async (hostile) =>
      told(() => {
        throw explained(new AuthorityUnreachable(hostile, hostile), {
          ...context,
          directory: `https://ca.example.com/${hostile}`,
        });
      }),
  ],
  [
    "a context of the kubeconfig",
    (hostile) =>
      told(() =>
        loadKubeconfig({
          path: kubeconfig({ contexts: [{ name: hostile || "x", context: {} }] }),
          context: "none",
          env: {},
        }),
      ),
  ],
  [
    "a cluster of the kubeconfig",
    (hostile) =>
      told(() =>
        loadKubeconfig({
          path: kubeconfig({
            "current-context": "c",
            contexts: [{ name: "c", context: { cluster: `c${hostile}`, user: "u" } }],
            clusters: [{ name: `c${hostile}`, cluster: { server: `ftp://${hostile}` } }],
            users: [{ name: "u", user: {} }],
          }),
          env: {},
        }),
      ),
  ],
  [
    "a user of the kubeconfig",
    (hostile) =>
      told(() =>
        loadKubeconfig({
          path: kubeconfig({
            "current-context": "c",
            contexts: [{ name: "c", context: { cluster: "c", user: `u${hostile}` } }],
            clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
            users: [{ name: `u${hostile}`, user: { "as-uid": "1" } }],
          }),
          env: {},
        }),
      ),
  ],
  [
    "the path of the kubeconfig",
    (hostile) =>
      told(() => {
        const path = join(mkdtempSync(join(tmpdir(), "kn-bootstrap-hostile-")), `k${hostile.replaceAll("/", "")}`);
        writeFileSync(path, "[");
        return loadKubeconfig({ path, env: {} });
      }),
  ],
  [
    "a file that the kubeconfig names",
    (hostile) =>
      told(() =>
        loadKubeconfig({
          path: kubeconfig({
            "current-context": "c",
            contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
            clusters: [
              { name: "c", cluster: { server: "https://127.0.0.1:1", "certificate-authority": `none/${hostile}` } },
            ],
            users: [{ name: "u", user: {} }],
          }),
          env: {},
        }),
      ),
  ],
  [
    "an exec plugin",
    (hostile) =>
      told(() =>
        runPlugin(
          {
            apiVersion: "client.authentication.k8s.io/v1",
            command: process.execPath,
            args: ["-e", `process.stderr.write(${JSON.stringify(hostile)}); process.exit(1)`],
            env: {},
            interactiveMode: "Never",
          } as never,
          { interactive: false, signal: new AbortController().signal } as never,
        ),
      ),
  ],
  [
    "the condition of a Service",
    async (hostile) =>
      found(
        await whyNotReady(
          holding(),
          {
            apiVersion: "serving.knative.dev/v1",
            kind: "Service",
            metadata: { name: hostile, namespace: hostile },
            status: { conditions: [{ type: "Ready", status: "False", reason: hostile, message: hostile }] },
          } as KubeObject,
          new Map(),
        ),
      ),
  ],
  [
    "a pod and its event",
    async (hostile) => {
      const pod = {
        apiVersion: "v1",
        kind: "Pod",
        metadata: {
          name: hostile,
          namespace: hostile,
          uid: "u",
          labels: {},
          creationTimestamp: "2020-01-01T00:00:00Z",
        },
        status: { phase: "Pending" },
      };
      const event = {
        apiVersion: "v1",
        kind: "Event",
        metadata: { name: "e", namespace: hostile },
        type: "Warning",
        reason: hostile,
        message: hostile,
        involvedObject: { uid: "u", name: hostile },
      };
      return found(
        await podsProblem(holding(pod as KubeObject, event as KubeObject), "Deployment a/b", hostile, {}, new Map()),
      );
    },
  ],
  [
    "a container's last words",
    async (hostile) => {
      const state = {
        name: hostile,
        state: { terminated: { exitCode: 1, reason: "Error", message: hostile } },
        restartCount: 3,
      };
      const pod = {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "p", namespace: "n", uid: "u", labels: {} },
        status: { phase: "Running", containerStatuses: [state] },
      };
      return found(await podsProblem(holding(pod as KubeObject), "Deployment a/b", "n", {}, new Map()));
    },
  ],
  [
    "an image and its registry",
    async (hostile) => found(pullProblem(`reg.example.com/${hostile}`, `failed: ${hostile}`)),
  ],
  [
    "a quota",
    async (hostile) => found(denied(denialOf(`exceeded quota: ${hostile || "q"}, requested: pods=1`, hostile))),
  ],
  [
    "a quota that wants more",
    async (hostile) => found(denied(denialOf(`failed quota: q: must specify limits.cpu for: ${hostile}`, hostile))),
  ],
  [
    "a policy",
    async (hostile) =>
      found(
        denied(
          denialOf(
            `ValidatingAdmissionPolicy '${hostile.replaceAll("'", "")}' with denied request: ${hostile}`,
            hostile,
          ),
        ),
      ),
  ],
  [
    "an admission webhook",
    async (hostile) =>
      found(denied(denialOf(`admission webhook "${hostile.replaceAll('"', "")}" denied the request: ${hostile}`, "n"))),
  ],
  [
    "a webhook that is not there",
    async (hostile) => {
      const failure = webhookFailure(
        `failed calling webhook "${hostile.replaceAll('"', "") || "w"}": failed to call webhook: Post "https://a.b.svc:443/": service "a" not found ${hostile}`,
      );
      return found(failure && { summary: failure.reason, remedy: failure.remedy });
    },
  ],
  [
    "the holder of the lock",
    async (hostile) =>
      told(() => {
        throw busyLock(hostile);
      }),
  ],
  [
    "a Secret's name",
    async (hostile) => found(judgeProvided({ name: hostile, namespace: hostile }, undefined, [], new Date())),
  ],
  [
    "who somebody is",
    async (hostile) => ({
      what: hostile,
      remedy: {
        text: "Create this:",
        command: clusterRoleYaml("install", [], { kind: "User", apiGroup: "rbac.authorization.k8s.io", name: hostile }),
      },
    }),
  ],
  [
    "records to publish",
    async (hostile) => ({
      what: hostile,
      remedy: {
        text: "Publish this:",
        command: zoneLine(
          { id: "z", name: "example.com", isPrivate: false, nameServers: [] },
          { name: "_acme-challenge", type: "TXT", ttl: 60, values: [hostile] },
        ),
      },
    }),
  ],
  [
    "Route 53",
    async (hostile) => {
      const doing = {
        action: "ListHostedZones",
        host: hostile,
        about: { name: hostile, id: hostile },
        domain: hostile,
        env: { AWS_PROFILE: hostile },
      };
      return told(async () => {
        throw await explainedError(
          Object.assign(new Error(hostile), { name: "AccessDenied", $metadata: { httpStatusCode: 403 } }),
          doing,
        );
      });
    },
  ],
];

const denied = (denial: { readonly message: string; readonly remedy: Remedy } | undefined) =>
  denial && { summary: denial.message, remedy: denial.remedy };
