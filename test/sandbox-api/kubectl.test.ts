import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeProtobuf } from "../../src/sandbox/api/protobuf/decode.ts";
import { age } from "../../src/sandbox/api/tables/column.ts";
import { customColumns } from "../../src/sandbox/api/tables/custom.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import { startWorld, type World } from "../../src/sandbox/world.ts";
import { patient } from "../patience.ts";

const hasKubectl = spawnSync("kubectl", ["version", "--client"]).status === 0;
if (!hasKubectl) process.stdout.write("skipped: no kubectl on PATH\n");

/** What kubectl 1.32 sends. */
const SENT = {
  namespace: "azhzAAoPCgJ2MRIJTmFtZXNwYWNlEhwKFAoEc2hvcBIAGgAiACoAMgA4AEIAEgAaAgoAGgAiAA==",
  deployment:
    "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50ErgBCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEoYBCAISDAoKCgNhcHASA3dlYhpsChwKABIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEkwSLgoFbmdpbngSBW5naW54KgAyCgoAEAAYUCIAKgBCAGoAcgCAAQCIAQCQAQCiAQAaADIAQgBKAFIAWABgAGgAggEAigEAmgEAwgEAIgIKACgAOAAaDAgAEAAYACAAKAA4ABoAIgA=",
};
const decoded = (base64: string): unknown => JSON.parse(decodeProtobuf(Buffer.from(base64, "base64")));

describe("a body in protobuf", () => {
  it("becomes the object that was meant", () => {
    expect(decoded(SENT.namespace)).toEqual({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
    const labels = { app: "web" };
    const containers = [{ name: "nginx", image: "nginx", ports: [{ containerPort: 80 }] }];
    expect(decoded(SENT.deployment)).toEqual({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", labels },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers } },
      },
    });
  });

  const namespace = Buffer.from(SENT.namespace, "base64");
  const renamed = Buffer.from(namespace);
  renamed.write("Nomespace", namespace.indexOf("Namespace"));
  const unknown = Buffer.from(namespace);
  // Field 6 of the object in place of its metadata.
  unknown[namespace.indexOf("Namespace") + 9 + 2] = 0x32;
  it.each([
    ["that is none", Buffer.from("{}"), "it does not begin with k8s"],
    ["of another kind", renamed, "it is a Nomespace in protobuf"],
    ["with a field that is not known", unknown, "field 6 of Namespace is not known"],
    ["that is cut off", namespace.subarray(0, -8), "it is cut off"],
  ])("%s is refused, with what works", (_which, body, why) => {
    const refused = () => decodeProtobuf(body);
    expect(refused).toThrow(`the rehearsal's API cannot read this body: ${why}. Send JSON instead`);
    expect(refused).toThrow(expect.objectContaining({ status: expect.objectContaining({ code: 415 }) }));
  });
});

it.each([
  [5, "5s"],
  [119, "119s"],
  [120, "2m"],
  [150, "2m30s"],
  [900, "15m"],
  [4 * 3_600, "4h"],
  [5 * 3_600 + 60, "5h1m"],
  [30 * 3_600, "30h"],
  [75 * 3_600, "3d3h"],
  [40 * 86_400, "40d"],
  [800 * 86_400, "2y70d"],
])("%i seconds ago is %s", (seconds, said) => {
  expect(age("2026-01-01T00:00:00Z", new Date(Date.parse("2026-01-01T00:00:00Z") + seconds * 1_000))).toBe(said);
});

it("the columns of a definition find what their paths say", () => {
  const object: Obj = {
    apiVersion: "example.com/v1",
    kind: "Thing",
    metadata: { name: "one", labels: { "example.com/of": "two" }, creationTimestamp: "2026-01-01T00:00:00Z" },
    status: { conditions: [{ type: "Ready", status: "True" }], count: 3 },
  };
  const paths = [
    [".metadata.labels['example\\.com/of']", "string"],
    [".metadata.labels.example\\.com/of", "string"],
    [".status.conditions[?(@.type=='Ready')].status", "string"],
    [".status.conditions[0].type", "string"],
    [".status.count", "integer"],
    [".status.none", "string"],
    [".metadata.creationTimestamp", "date"],
  ];
  const columns = customColumns(paths.map(([jsonPath, type]) => ({ name: "x", jsonPath, type })));
  const cells = columns.map(({ cell }) => cell(object, new Date("2026-01-01T00:00:05Z")));
  expect(cells).toEqual(["one", "two", "two", "True", "Ready", 3, "", "5s"]);
});

describe.runIf(hasKubectl)("kubectl", () => {
  const folder = mkdtempSync(join(tmpdir(), "kn-bootstrap-kubectl-"));
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    writeFileSync(join(folder, "kubeconfig"), world.kubeconfig, { mode: 0o600 });
  });
  afterAll(async () => {
    await world.close();
    rmSync(folder, { recursive: true });
  });

  const kubectl = async (line: string, input = ""): Promise<string> => {
    const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: join(folder, "kubeconfig") };
    const child = spawn("kubectl", line.split(" "), { env });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
    child.stdin.end(input);
    const [code] = await once(child, "close");
    return code === 0 ? said : expect.fail(`kubectl ${line}: ${said}`);
  };

  /** Of each kind that it sends in protobuf one; what it would send as JSON is what arrives. */
  it.each([
    "namespace shop",
    "deployment web --image=nginx --replicas=2 --port=80",
    "configmap words --from-literal=a=b",
    "secret generic words --from-literal=a=b",
    "serviceaccount robot",
    "service clusterip web --tcp=80:8080",
    "role reader --verb=get,list --resource=pods",
    "clusterrole reader --verb=get --non-resource-url=/version",
    "rolebinding reader --role=reader --serviceaccount=default:robot",
    "clusterrolebinding reader --clusterrole=reader --user=jane",
    "job once --image=busybox -- date",
    "cronjob daily --image=busybox --schedule=@daily -- date",
  ])(
    "create %s",
    async (what) => {
      const [command = "", program = ""] = what.split(" -- ");
      const would = JSON.parse(
        await kubectl(`create ${command} --dry-run=client -o json${program ? ` -- ${program}` : ""}`),
      );
      await kubectl(`create ${what}`);
      const { apiVersion, kind, metadata } = would;
      const made = world.api.get({ apiVersion, kind, name: metadata.name, namespace: metadata.namespace ?? "default" });
      const { status: _status, metadata: _metadata, ...content } = would;
      expect(made).toMatchObject(withoutNothing(content) as object);
      expect(made?.metadata.labels ?? {}).toMatchObject(metadata.labels ?? {});
    },
    patient(10_000),
  );

  it(
    "applies with validation, again with a change, and shows what is there",
    async () => {
      const config = (data: object) =>
        JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "applied" }, ...data });
      expect(await kubectl("apply -f -", config({ data: { a: "1" } }))).toBe("configmap/applied created\n");
      expect(await kubectl("apply -f -", config({ data: { a: "2" } }))).toBe("configmap/applied configured\n");
      await expect(kubectl("apply -f -", config({ dota: {} }))).rejects.toThrow('unknown field "dota"');
      expect(await kubectl("get configmap applied")).toMatch(/^NAME +DATA +AGE\napplied +1 +\d+s\n$/);
      expect(await kubectl("get nodes")).toMatch(/^NAME +STATUS +ROLES +AGE +VERSION\nrehearsal +Ready +<none> /);
      expect(await kubectl("auth can-i create pods")).toBe("yes\n");
      expect(await kubectl("delete configmap applied")).toContain('configmap "applied" deleted');
    },
    patient(20_000),
  );
});

/** Without what is null or empty in what kubectl prints. */
function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothing);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).flatMap(([key, inner]) => {
    const found = withoutNothing(inner);
    const isNothing = found === null || (typeof found === "object" && Object.keys(found as object).length === 0);
    return isNothing ? [] : [[key, found]];
  });
  return Object.fromEntries(kept);
}
