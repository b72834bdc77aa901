import { expect, it } from "vitest";
import { loggingRuns } from "../../src/checks/logging/running.ts";
import type { PlanContext } from "../../src/kube/reconcile.ts";
import { sayWhichNodes } from "../../src/steps/logging/nodes.ts";
import { manifestsOf, placed } from "../../src/steps/logging/objects.ts";
import { contextIn, object } from "../doctor/scene.ts";

const OLD = "beta.kubernetes.io/filebeat-ready";
const node = (name: string, labels: object = {}) => object("Node", name, {}, { labels });

const said = async (nodes: readonly ReturnType<typeof node>[], loggingNodes?: string) => {
  const notes: string[] = [];
  const ctx = { live: { list: async () => nodes }, note: (text: string) => notes.push(text) };
  await sayWhichNodes(ctx as unknown as PlanContext, { ...(loggingNodes ? { loggingNodes } : {}) } as never);
  return notes;
};

it("tells people whose nodes have the label of an older guide what becomes of it", async () => {
  expect(await said([node("a", { [OLD]: "true" }), node("b"), node("c", { [OLD]: "true" })])).toEqual([
    `2 of 3 nodes have the label ${OLD}=true of older guides (a, c); logs of all nodes are collected. To collect there alone: kn-bootstrap install --logging-nodes ${OLD}=true`,
  ]);
  const any = await said([node("a", { "beta.kubernetes.io/fluentd-ds-ready": "" }), node("b")]);
  expect(any[0]).toMatch(/--logging-nodes beta\.kubernetes\.io\/fluentd-ds-ready$/);
  expect(await said([node("a", { [OLD]: "true" }), node("b", { [OLD]: "true" })])).toEqual([]);
  expect(await said([node("a"), node("b")])).toEqual([]);
});

it("tells what a label comes to on these nodes", async () => {
  const nodes = [node("a", { [OLD]: "true" }), node("b")];
  expect(await said(nodes, OLD)).toEqual(["Logs are collected on 1 of 2 nodes: a."]);
  expect(await said(nodes, `${OLD}=no`)).toEqual([
    `No node has the label ${OLD}=no: no logs are collected before one has it, and the installation waits for that: kubectl label nodes NAME ${OLD}=no`,
  ]);
  expect(await said([node("a", { disk: "ssd" })], "disk")).toEqual([]);
});

it("waits for a node with the label, and says which", async () => {
  const [set] = (await manifestsOf("fluent-bit"))
    .map((one) => placed(one, { loggingNodes: OLD }))
    .filter(({ kind }) => kind === "DaemonSet");
  if (!set) throw new Error("there is no DaemonSet");
  const objects = [{ ...set, status: { desiredNumberScheduled: 0 } }];
  expect(await loggingRuns("fluent-bit").run(contextIn({ objects }) as never, new Map())).toMatchObject({
    status: "fail",
    summary: `DaemonSet kube-logging/fluent-bit: no node with the label ${OLD} takes its pods`,
    remedy: { command: `kubectl label nodes NAME ${OLD}=true` },
  });
});
