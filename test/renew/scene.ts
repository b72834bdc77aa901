import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "../../src/certificates/secret.ts";
import { WILDCARD } from "../../src/certificates/served.ts";
import { type Internet, startInternet } from "../../src/sandbox/internet.ts";
import type { Ended, Task } from "../../src/sandbox/kubernetes/processes.ts";
import type { ApiRequest } from "../../src/sandbox/types.ts";
import { startWorld, type World, type WorldOptions } from "../../src/sandbox/world.ts";
import { kn, type Outcome, type Stage } from "../engine/cli.ts";
import { patient } from "../patience.ts";

export const IMAGE = "registry.example.com/kn-bootstrap:1";
export const HOME = "kn-bootstrap";
const ACCOUNT = `system:serviceaccount:${HOME}:renew`;
export const ACME = ["--dns", "route53", "--domain", "apps.example.com"];

export interface Scene {
  readonly world: World;
  readonly internet: Internet;
  /** Runs the program as the administrator, with all credentials. */
  readonly run: (...args: string[]) => Promise<Outcome>;
  /** Runs it as the CronJob's account, with these variables and no others. */
  readonly asAccount: (args: readonly string[], env: Readonly<Record<string, string>>) => Promise<Outcome>;
  /** How the installation went. */
  readonly installed: Outcome;
  /** What the pods ran, and how it ended. */
  readonly ran: { readonly args: readonly string[]; readonly outcome: Outcome }[];
  /** What the account asked for: `patch apps/deployments knative-serving/net-kourier-controller`. Reviews are left out. */
  readonly asked: Set<string>;
  /** Told of each request that the administrator makes, before it is answered. */
  before: (request: ApiRequest) => void | Promise<void>;
  readonly secret: () => ReturnType<typeof inspect>;
  readonly close: () => Promise<void>;
}

const PATH =
  /^\/(?:api|apis\/(?<group>[^/]+))\/[^/]+(?:\/namespaces\/(?<namespace>[^/]+)(?=\/))?\/(?<resource>[^/]+)(?:\/(?<name>[^/]+))?$/;
const VERBS: Readonly<Record<string, string>> = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };

/** What everybody may ask about himself (ClusterRole system:basic-user). */
const isReview = (group: string): boolean => ["authorization.k8s.io", "authentication.k8s.io"].includes(group);

const questionOf = ({ method, path, query = {} }: ApiRequest): string | undefined => {
  const { group = "", namespace = "", resource, name } = PATH.exec(path)?.groups ?? {};
  if (!resource || isReview(group)) return undefined;
  const verb = VERBS[method] ?? (query.watch ? "watch" : name ? "get" : "list");
  const selected = /^metadata\.name=(.+)$/.exec(query.fieldSelector ?? "")?.[1];
  return `${verb} ${group}/${resource} ${namespace}/${name ?? selected ?? ""}`;
};

/** An installed world in which the image of kn-bootstrap is the program itself, run in this process. */
export const openScene = async (
  install: readonly string[],
  options: WorldOptions & { readonly acme?: Parameters<typeof startInternet>[0]["acme"] } = {},
): Promise<Scene> => {
  const { acme, ...worldOptions } = options;
  const ran: { args: readonly string[]; outcome: Outcome }[] = [];
  const asked = new Set<string>();
  let scene: Scene | undefined;
  const internet = await startInternet({ zones: ["example.com"], ...(acme ? { acme } : {}) });
  const work = async ({ args, env }: Task): Promise<Ended> => {
    const outcome = await asAccount(args, env);
    ran.push({ args, outcome });
    return { exitCode: outcome.code, log: outcome.stdout + outcome.stderr };
  };
  const world = await startWorld({
    pace: patient(3),
    images: { [IMAGE]: work },
    onRequest: async (request) => {
      if (request.headers?.["impersonate-user"] !== ACCOUNT) {
        await scene?.before(request);
        return undefined;
      }
      const question = questionOf(request);
      if (question) asked.add(question);
      return undefined;
    },
    ...worldOptions,
  });
  const directory = mkdtempSync(join(tmpdir(), "kn-bootstrap-test-"));
  const stageFor = (name: string, kubeconfig: string, own: Internet): Stage => {
    const file = join(directory, name);
    writeFileSync(file, kubeconfig, { mode: 0o600 });
    return { kubeconfig: file, standIns: true, connectTo: world.connectTo, internet: own };
  };
  const admin = stageFor("admin", world.kubeconfig, internet);
  const groups = ["system:serviceaccounts", `system:serviceaccounts:${HOME}`, "system:authenticated"];
  const login = `$&\n$1as: ${ACCOUNT}\n$1as-groups: [${groups.map((group) => JSON.stringify(group)).join(", ")}]`;
  const account = stageFor("account", world.kubeconfig.replace(/( +)token: .*/, login), { ...internet, env: {} });
  const run = (...args: string[]) => kn(admin, args);
  const asAccount: Scene["asAccount"] = (args, env) => kn(account, args, { env: { ...env } });
  const installed = await run(
    "install",
    "--yes",
    ...install,
    ...(install.includes("route53") ? ["--acme-directory", internet.acme.directory] : []),
  );
  if (installed.code !== 0) throw new Error(installed.stderr);
  scene = {
    world,
    internet,
    installed,
    before: () => {},
    run,
    asAccount,
    ran,
    asked,
    secret: () => inspect(world.api.get({ ...WILDCARD, namespace: HOME })),
    close: async () => {
      await world.close();
      await internet.close();
    },
  };
  return scene;
};

/** The Secret with the credentials of the DNS provider. */
export const giveCredentials = (
  { world }: Scene,
  name: string,
  values: Readonly<Record<string, string>>,
): Promise<unknown> =>
  world.api.create("test", {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { namespace: HOME, name },
    type: "Opaque",
    data: Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
    ),
  });

/** Resolves when a Job has ended, with its last condition. */
export const ended = async ({ world }: Scene, name: string, tries = 400): Promise<string> => {
  for (let attempt = 0; attempt < tries; attempt++) {
    const job = world.api.get({ apiVersion: "batch/v1", kind: "Job", namespace: HOME, name });
    const type = job?.status?.conditions?.at(-1)?.type;
    if (type) return type;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`Job ${name} has not ended`);
};
