import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApiRequest, ApiResponse } from "../../src/sandbox/types.ts";
import { kn, stage } from "../engine/cli.ts";
import { patient } from "../patience.ts";

const INSTALL = ["install", "--yes", "--skip-checks", "proof.zero", "--tls", "self-signed", "--dns", "magic"];
const RBAC = "rbac.authorization.k8s.io";
const oneLine = (said: string): string => said.replace(/\s+/g, " ");

describe("doctor, where not everything can be read", { timeout: patient(60_000) }, () => {
  let world: Awaited<ReturnType<typeof stage>>;
  let folder: string;
  let harm: (request: ApiRequest) => Promise<ApiResponse | undefined>;
  const well: typeof harm = async () => undefined;
  beforeAll(async () => {
    harm = well;
    folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-unread-"));
    world = await stage({ onRequest: (request) => harm(request) });
    expect(await kn({ ...world, standIns: true }, INSTALL)).toMatchObject({ code: 0 });
  }, patient(60_000));
  afterAll(async () => {
    await world?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const as = async (name: string) => {
    const kubeconfig = join(folder, name);
    const theirs = await readFile(world.kubeconfig, "utf8");
    await writeFile(kubeconfig, theirs.replace(/( +)token: .*/, `$&\n$1as: ${name}`), { mode: 0o600 });
    return { ...world, kubeconfig };
  };
  const doctor = (place: typeof world, ...args: string[]) =>
    kn(place, ["doctor", "--skip", "knative.support", ...args], { env: { COLUMNS: "100" } });

  it("leaves a list that is never answered, says which, and looks at everything else", async () => {
    harm = ({ path }) => (path === "/api/v1/pods" ? new Promise(() => {}) : well({} as never));
    const began = performance.now();
    const { code, stdout } = await doctor(world, "--timeout", "1", "-v");
    expect(performance.now() - began).toBeLessThan(patient(5_000));
    harm = well;
    expect(code).toBe(3);
    expect(oneLine(stdout)).toMatch(/could not look: https:\S+ has not answered "list pods" within 1 s Not known/);
    expect(oneLine(stdout)).toContain("kubectl get --raw /api/v1/pods --request-timeout=10s");
    expect(stdout.match(/^\? could not look/gm)).toHaveLength(1);
    expect(stdout).toMatch(/^✓ certificate\.usable: /m);
  });

  it("takes a version that may not be asked for as one thing that is not known", async () => {
    harm = async ({ path, headers }) =>
      path === "/version" && headers?.["impersonate-user"] !== "x"
        ? {
            status: 403,
            body: {
              kind: "Status",
              apiVersion: "v1",
              metadata: {},
              status: "Failure",
              message: 'forbidden: User "dev" cannot get path "/version"',
              reason: "Forbidden",
              code: 403,
            },
          }
        : undefined;
    const { code, stdout } = await doctor(world, "-v");
    harm = well;
    expect(code).toBe(3);
    expect(stdout.match(/^\? could not look/gm)).toHaveLength(1);
    expect(oneLine(stdout)).toMatch(
      /could not look: refused with 403: get \/version Not known because of it: cluster.version, [\w., ]*knative.next/,
    );
    expect(stdout).toMatch(/kubectl create clusterrolebinding \S+ --clusterrole=system:discovery --user=/);
    expect(stdout).toMatch(/^✓ serving\.deployments: /m);
  });

  it("names the request that something else than Kubernetes has answered", async () => {
    harm = async ({ path }) =>
      path.endsWith("/apiservices") ? { status: 400, body: "Bad Request, says a gateway" } : undefined;
    const { code, stdout } = await doctor(world);
    harm = well;
    expect(code).toBe(3);
    expect(oneLine(stdout)).toMatch(
      /"list apiservices.apiregistration.k8s.io" was answered with 400: .*says a gateway/,
    );
  });

  it("says once what an account may not read, and what to give it; then all is seen", async () => {
    const rules = [{ apiGroups: ["*"], resources: ["*"], verbs: ["get", "list", "watch"] }];
    const metadata = { namespace: "knative-serving", name: "looker" };
    const subjects = [{ kind: "User", name: "looker", apiGroup: RBAC }];
    const roleRef = { apiGroup: RBAC, kind: "Role", name: "looker" };
    await world.api.create("test", { apiVersion: `${RBAC}/v1`, kind: "Role", metadata, rules });
    await world.api.create("test", { apiVersion: `${RBAC}/v1`, kind: "RoleBinding", metadata, subjects, roleRef });
    const place = await as("looker");
    const { code, stdout } = await doctor(place);
    expect(code).toBe(3);
    expect(stdout.split("\n").length).toBeLessThan(25);
    expect(stdout.match(/^\? could not look/gm)).toHaveLength(1);
    expect(oneLine(stdout)).toMatch(
      /refused with 403: list .*\bpods\b.*in namespace kn-bootstrap: get .*secrets\/wildcard-tls/,
    );
    const commands = commandsIn(stdout);
    expect(commands.filter((command) => !/ --dry-run=client -o yaml \| kubectl apply -f -$/.test(command))).toEqual([]);
    // The Secrets are refused still: what is printed takes nothing back.
    const isOfSecrets = (command: string) => / -n /.test(command);
    for (const command of commands.filter((one) => !isOfSecrets(one))) await grant(command);
    expect(commandsIn((await doctor(place)).stdout)).toEqual(commands);
    for (const command of commands.filter(isOfSecrets)) await grant(command);
    const again = await doctor(place);
    // Who may read the certificate's Secret has its key.
    expect(again.stdout.match(/^[✗!?] \S+: .*/gm)).toEqual([
      expect.stringMatching(/^! certificate.readers: .* User looker$/),
    ]);
    expect(again.code).toBe(0);
  });

  const commandsIn = (said: string): readonly string[] =>
    (said.match(/^ *kubectl create .*$/gm) ?? []).map((command) => command.trim());

  /** As kubectl and an administrator do it. */
  const grant = async (command: string): Promise<void> => {
    const [, , kind = "", name = "", ...words] = command.split(" ");
    const [, namespace] = /-n (\S+)/.exec(command) ?? [];
    const flag = (wanted: string): readonly string[] =>
      words.flatMap((word) => (word.startsWith(`--${wanted}=`) ? word.slice(wanted.length + 3).split(",") : []));
    const made = { apiVersion: `${RBAC}/v1`, metadata: { name, ...(namespace ? { namespace } : {}) } };
    if (kind.endsWith("binding")) {
      const [cluster, role] = [flag("clusterrole")[0], flag("role")[0]];
      await world.api.create("admin", {
        ...made,
        kind: kind === "rolebinding" ? "RoleBinding" : "ClusterRoleBinding",
        subjects: flag("user").map((user) => ({ kind: "User", apiGroup: RBAC, name: user })),
        roleRef: { apiGroup: RBAC, kind: cluster ? "ClusterRole" : "Role", name: cluster ?? role },
      });
      return;
    }
    const resourceNames = flag("resource-name");
    await world.api.create("admin", {
      ...made,
      kind: kind === "role" ? "Role" : "ClusterRole",
      rules: flag("resource").map((full) => {
        const [, resource = "", group = ""] = /^([^.]+)\.?(.*)$/.exec(full) ?? [];
        return {
          apiGroups: [group],
          resources: [resource],
          verbs: flag("verb"),
          ...(resourceNames.length > 0 ? { resourceNames } : {}),
        };
      }),
    });
  };

  it("gives the same of a recording", async () => {
    const file = join(folder, "refused.json");
    const live = await doctor(await as("nobody"), "--save", file);
    const kept = await doctor({ ...world, kubeconfig: join(folder, "none") }, "--from", file);
    const findings = (said: string) => said.split("\n").slice(0, -2);
    expect(findings(kept.stdout)).toEqual(findings(live.stdout));
    expect(kept.code).toBe(live.code);
  });
});
