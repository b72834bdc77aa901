import { describe, expect, it } from "vitest";
import { capacityFor } from "../../src/checks/capacity.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { manifestsOf, placed } from "../../src/steps/logging/objects.ts";
import { contextIn, object } from "../doctor/scene.ts";

const node = (name: string, [cpu, memory]: readonly [string, string], labels: object = {}, spec: object = {}) =>
  object("Node", name, { spec, status: { allocatable: { cpu, memory } } }, { labels });
const pod = (name: string, nodeName: string, memory: string) =>
  object("Pod", `default/${name}`, {
    spec: { nodeName, containers: [{ resources: { requests: { memory } } }] },
    status: { phase: "Running" },
  });
const LARGE = ["8", "32Gi"] as const;
const large = (name: string, labels?: object, spec?: object) => node(name, LARGE, labels, spec);
const NO_SCHEDULE = { taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }] };

const judged = async (logging: "fluent-bit" | "elasticsearch", there: readonly KubeObject[], loggingNodes?: string) => {
  const coming = (await manifestsOf(logging)).map((one) => placed(one, loggingNodes ? { loggingNodes } : {}));
  return capacityFor(Promise.resolve(coming), false).run(contextIn({ objects: there }) as never, new Map());
};

describe("capacity before an install", () => {
  it("counts a pod of Fluent Bit on each node, and names those that have no room for theirs", async () => {
    const nodes = [large("a"), large("b"), node("c", ["1", "1Gi"])];
    expect(await judged("fluent-bit", nodes)).toMatchObject({ status: "ok" });
    const full = [...nodes, pod("batch", "c", "1000Mi")];
    const found = await judged("fluent-bit", full);
    expect(found.summary).toMatch(
      /^node c has no room for a pod of DaemonSet kube-logging\/fluent-bit, which asks for 0\.1 vCPU and 0\.1 GiB of memory: free is 1 vCPU and 0 GiB of memory$/,
    );
    expect(found).toMatchObject({
      status: "warn",
      remedy: { command: "kubectl describe nodes c" },
      evidence: [{ object: { name: "c" } }],
    });
  });

  it("counts none on nodes without the label, and those that are closed to others", async () => {
    const nodes = [large("a", { collect: "yes" }), large("b"), node("c", ["1", "10Mi"])];
    expect((await judged("fluent-bit", nodes)).summary).toMatch(/^node c has no room/);
    expect(await judged("fluent-bit", nodes, "collect")).toMatchObject({ status: "ok" });
    expect(await judged("fluent-bit", nodes, "collect=no")).toMatchObject({ status: "ok" });
    const closed = [large("a"), large("b"), large("d"), node("c", ["1", "10Mi"], {}, { unschedulable: true })];
    expect((await judged("fluent-bit", closed)).summary).toMatch(/^node c has no room/);
  });

  it("puts nothing onto nodes whose taints it does not tolerate", async () => {
    const small = node("a", ["4", "3Gi"]);
    expect(await judged("elasticsearch", [small, large("b"), large("c")])).toMatchObject({ status: "ok" });
    const tainted = [small, large("b", {}, NO_SCHEDULE), large("c", {}, NO_SCHEDULE)];
    expect((await judged("elasticsearch", tainted)).summary).toMatch(
      /no node has room for a pod of Deployment kube-logging\/kibana, .*: all that is to be installed asks for 1\.1 vCPU and 4\.3 GiB of memory, and free is 4 vCPU and 3 GiB of memory$/,
    );
  });

  it("does not count what is there already", async () => {
    const there = (await manifestsOf("fluent-bit")).filter(({ kind }) => kind === "DaemonSet");
    const nodes = [large("a"), large("b"), node("c", ["1", "10Mi"])];
    expect(await judged("fluent-bit", [...nodes, ...there])).toMatchObject({ status: "ok" });
  });
});
