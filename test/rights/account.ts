import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Rule } from "../../src/checks/cluster-role.ts";
import { parseManifest } from "../../src/releases/objects.ts";
import type { ApiRequest, ApiResponse } from "../../src/sandbox/types.ts";
import { startWorld, type World } from "../../src/sandbox/world.ts";
import { kn, type Outcome, PACE, type Stage } from "../engine/cli.ts";

const RBAC = "rbac.authorization.k8s.io";
const NAME = "under-test";
export const ACCOUNT = "installer";

/** A world with an account in it that may do exactly what it is given. */
export interface Scene {
  readonly api: World["api"];
  readonly give: (rules: readonly Rule[]) => Promise<void>;
  /** Runs the program as that account, without a network and on stand-ins. */
  readonly run: (...args: string[]) => Promise<Outcome>;
  readonly asAdmin: (...args: string[]) => Promise<Outcome>;
  /** What the account asked for since it was given its rights: `create apps/deployments`. Reviews are left out. */
  readonly asked: () => ReadonlySet<string>;
  /** What of that would have changed something. */
  readonly writes: () => readonly string[];
  /** Answers in place of the server. */
  intercept: (request: ApiRequest) => ApiResponse | undefined;
  readonly close: () => Promise<void>;
}

const PATH =
  /^\/(?:api|apis\/(?<group>[^/]+))\/[^/]+(?:\/namespaces\/[^/]+(?=\/))?\/(?<resource>[^/]+)(?:\/(?<name>[^/]+))?$/;
const VERBS: Readonly<Record<string, string>> = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };

/** What everybody may ask about himself (ClusterRole system:basic-user). */
const isReview = (group: string): boolean => ["authorization.k8s.io", "authentication.k8s.io"].includes(group);

const questionOf = ({ method, path, query = {} }: ApiRequest): string | undefined => {
  const { group = "", resource, name } = PATH.exec(path)?.groups ?? {};
  const verb = VERBS[method] ?? (query.watch ? "watch" : name ? "get" : "list");
  return resource && !isReview(group) ? `${verb} ${group}/${resource}` : undefined;
};

/** `name` as the server knows the account; the kubeconfig calls it `rehearsal`. */
export const openScene = async (name = ACCOUNT): Promise<Scene> => {
  const requests: { question: string; writes: boolean }[] = [];
  const world = await startWorld({
    pace: PACE,
    onRequest: (request) => {
      if (request.headers?.["impersonate-user"] !== name) return undefined;
      const question = questionOf(request);
      if (question) requests.push({ question, writes: request.method !== "GET" && !request.query?.dryRun });
      return scene.intercept(request);
    },
  });
  const { api } = world;
  const directory = mkdtempSync(join(tmpdir(), "kn-bootstrap-test-"));
  const stageFor = (fileName: string, kubeconfig: string): Stage => {
    const file = join(directory, fileName);
    writeFileSync(file, kubeconfig, { mode: 0o600 });
    return { kubeconfig: file, standIns: true, connectTo: world.connectTo };
  };
  const account = stageFor("account", world.kubeconfig.replace(/( +)token: .*/, `$&\n$1as: ${name}`));
  const admin = stageFor("admin", world.kubeconfig);
  const apiVersion = `${RBAC}/v1`;
  await api.create("test", { apiVersion, kind: "ClusterRole", metadata: { name: NAME }, rules: [] });
  await api.create("test", {
    apiVersion,
    kind: "ClusterRoleBinding",
    metadata: { name: NAME },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: NAME },
    subjects: [subjectOf(name)],
  });

  const scene: Scene = {
    api,
    give: async (rules) => {
      await api.update("test", { apiVersion, kind: "ClusterRole", name: NAME }, (role) => {
        role.rules = structuredClone(rules);
      });
      requests.length = 0;
    },
    run: (...args) => kn(account, args),
    asAdmin: (...args) => kn(admin, args),
    asked: () => new Set(requests.map(({ question }) => question)),
    writes: () => requests.flatMap(({ question, writes }) => (writes ? [question] : [])),
    intercept: () => undefined,
    close: world.close,
  };
  return scene;
};

const subjectOf = (name: string) => {
  const [, namespace, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name) ?? [];
  return account ? { kind: "ServiceAccount", namespace, name: account } : { apiGroup: RBAC, kind: "User", name };
};

/** The bad news of a run with `-o json`. */
export interface Problem {
  readonly id: string;
  readonly what: string;
  readonly why: string;
  readonly remedy: { readonly text: string; readonly command: string };
}

export const problemOf = (outcome: Outcome): Problem =>
  outcome.events.find(({ type }) => type === "error") as unknown as Problem;

/** The rules of the ClusterRole that the program prints for the administrator. */
export const rulesIn = ({ remedy }: Problem): readonly Rule[] => {
  const [role] = parseManifest(remedy.command, "what is printed");
  if (role?.kind !== "ClusterRole") throw new Error(`no ClusterRole: ${remedy.command}`);
  return role.rules as readonly Rule[];
};

/** `create apps/deployments` for each right of a rule. */
export const rightsIn = ({ apiGroups, resources, verbs }: Rule): readonly string[] =>
  apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)));
