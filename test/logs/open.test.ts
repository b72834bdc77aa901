import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Interrupted } from "../../src/ports/error.ts";
import { isTrue } from "../../src/sandbox/objects.ts";
import type { Part } from "../../src/sandbox/part.ts";
import { PARTS } from "../../src/sandbox/parts.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import { kn, stage } from "../engine/cli.ts";
import { apply, deployment, until } from "../sandbox/install.ts";
import { workload } from "../sandbox/small-install.ts";

const PAGE = `<!doctype html><title>Grafana</title>${"x".repeat(2 ** 19)}`;
const GRAFANA_PORT = 3000;

let world: Awaited<ReturnType<typeof stage>>;
let page: Server;
let posted = 0;
beforeAll(async () => {
  page = createServer(async (request, response) => {
    posted = (await request.toArray()).reduce((sum, { length }) => sum + length, 0);
    response.end(PAGE);
  });
  await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
  const { port } = page.address() as AddressInfo;
  const ui: Part = {
    name: "ui",
    standIns: {},
    play: () => ({ servedAt: (_pod, asked) => (asked === GRAFANA_PORT ? port : undefined) }),
  };
  world = await stage({ parts: [...PARTS, ui] });
});
afterAll(async () => {
  await world.close();
  page.close();
});

const labelled = (object: Obj, labels: Record<string, string>): Obj => ({
  ...object,
  metadata: { ...object.metadata, labels },
});

const behind = (name: string, labels: Record<string, string>, port: object): Obj =>
  labelled(
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "default" },
      spec: { selector: { app: name }, ports: [port] },
    },
    labels,
  );

const install = async (name: string, labels: Record<string, string>, port: object, containerPort: number) => {
  const container = { ports: [{ name: "ui", containerPort }] };
  await apply(world, workload(name, "default", { container }), behind(name, labels, port));
  await until(world, name, () => isTrue(world.api.get(deployment(name, "default")), "Available"));
};

/** Until its first line is there; then `use`, then Ctrl-C. */
const open = async (args: readonly string[], use: (url: string) => Promise<void>, kubeconfig = world.kubeconfig) => {
  const stop = new AbortController();
  const state = { text: "", url: (_: string): void => {} };
  const url = new Promise<string>((resolve) => {
    state.url = resolve;
  });
  const running = kn({ ...world, kubeconfig }, ["logs", "open", ...args], {
    signal: stop.signal,
    onStdout: (more) => {
      state.text += more;
      const [found] = /https?:\/\/127\.0\.0\.1:\d+\//.exec(state.text) ?? [];
      if (found) state.url(found);
    },
  });
  const first = await Promise.race([url, running]);
  if (typeof first === "string") {
    await use(first);
    stop.abort(new Interrupted("SIGINT"));
  }
  return running;
};

const nothing = async () => {};

describe("logs open", () => {
  it("says that there is none, and what to do", async () => {
    const { code, stderr } = await open([], nothing);
    expect([code, stderr]).toEqual([2, expect.stringContaining("No Kibana, Grafana or OpenSearch Dashboards")]);
    expect(stderr).toContain("kn-bootstrap logs requests");
    const odd = await open(["--follow"], nothing);
    expect([odd.code, odd.stderr]).toEqual([2, expect.stringContaining("--follow does not go with logs open.")]);
  });

  it("leads to the page of what is there, says how the password is shown, and ends with Ctrl-C", async () => {
    const labels = { "app.kubernetes.io/name": "grafana" };
    await install("grafana", labels, { name: "service", port: 80, targetPort: "ui" }, GRAFANA_PORT);
    const password = { "admin-password": "c2VjcmV0LXBhc3N3b3Jk" };
    await apply(world, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "grafana", namespace: "default" },
      data: password,
    });
    let address = "";
    const { code, stdout, stderr } = await open([], async (url) => {
      address = url;
      const bodies = await Promise.all([1, 2, 3].map(async () => (await fetch(url)).text()));
      for (const body of bodies) expect(body).toBe(PAGE);
      expect(await (await fetch(url, { method: "POST", body: PAGE })).text()).toBe(PAGE);
      expect(posted).toBe(PAGE.length);
    });
    expect(code).toBe(130);
    expect(stdout.split("\n")[0]).toMatch(/^Grafana of Service default\/grafana: http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(stdout).toContain("Log in as admin; this shows the password:");
    expect(stdout).toContain("kubectl get secret grafana -n default -o jsonpath='{.data.admin-password}' | base64 -d");
    expect(`${stdout}${stderr}`).not.toMatch(/secret-password|c2VjcmV0/);
    await expect(fetch(address)).rejects.toThrow("fetch failed");
  });

  it("needs the right to create, as servers since 1.35 ask for it", async () => {
    const RBAC = "rbac.authorization.k8s.io/v1";
    const as = `${world.kubeconfig}-viewer`;
    writeFileSync(as, readFileSync(world.kubeconfig, "utf8").replace(/( +)token: .*/, "$&\n$1as: viewer"));
    const rights = (...verbs: string[]): readonly Obj[] => [
      {
        apiVersion: RBAC,
        kind: "ClusterRole",
        metadata: { name: "viewer" },
        rules: [
          { apiGroups: [""], resources: ["pods", "services"], verbs: ["get", "list"] },
          { apiGroups: [""], resources: ["pods/portforward"], verbs },
        ],
      },
      {
        apiVersion: RBAC,
        kind: "ClusterRoleBinding",
        metadata: { name: "viewer" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "viewer" },
        subjects: [{ kind: "User", name: "viewer", apiGroup: "rbac.authorization.k8s.io" }],
      },
    ];
    await apply(world, ...rights("get"));
    const refused = await open([], nothing, as);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("This account may not forward ports of pods in namespace default.");
    await apply(world, ...rights("get", "create"));
    expect((await open([], nothing, as)).code).toBe(130);
  });

  it("names what there is where there are several, and says when a port does not answer", async () => {
    const labels = { "common.k8s.elastic.co/type": "kibana", "kibana.k8s.elastic.co/name": "logs" };
    await install("logs-kb-http", labels, { name: "https", port: 5601, targetPort: 5601 }, 5601);
    const several = await open([], nothing);
    expect([several.code, several.stderr]).toEqual([2, expect.stringContaining("There are several:")]);
    expect(several.stderr).toContain("kn-bootstrap logs open --namespace default --service logs-kb-http");
    const closed = await open(["--service", "logs-kb-http"], nothing);
    expect(closed.code).toBe(1);
    expect(closed.stderr.replace(/\s+/g, " ")).toMatch(
      /Port 5601 of pod default\/logs-kb-http-\S+ does not answer: .*connection refused/,
    );
    const json = await open(["--service", "grafana", "-o", "json"], nothing);
    expect(json.events.find(({ type }) => type === "opened")).toMatchObject({ ui: "Grafana", service: "grafana" });
  });

  it("keeps to one pod port for each connection, and takes a new pod when one has gone", async () => {
    await open(["--service", "grafana"], async (url) => {
      const pods = () =>
        world.api.list("v1", "Pod", "default").filter(({ metadata }) => metadata.labels?.app === "grafana");
      const [before] = pods();
      const { name = "", uid } = before?.metadata ?? {};
      await world.api.remove({ apiVersion: "v1", kind: "Pod", namespace: "default", name });
      await until(world, "another", () => pods().some((pod) => pod.metadata.uid !== uid && isTrue(pod, "Ready")));
      expect((await fetch(url)).status).toBe(200);
      // Somebody who connects and goes away is no trouble.
      const { port } = new URL(url);
      await new Promise<void>((resolve) => {
        const socket = connect(Number(port), "127.0.0.1", () => socket.destroy());
        socket.on("close", () => resolve());
      });
      expect((await fetch(url)).status).toBe(200);
    });
  });
});
