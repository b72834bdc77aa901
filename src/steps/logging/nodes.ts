import { isLetOn } from "../../checks/placement.ts";
import type { Config } from "../../config/config.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import type { KubeObject } from "../../ports/object.ts";
import { readable } from "../../ports/readable.ts";
import { sh } from "../../ports/shell.ts";
import { wanting } from "./objects.ts";

/** By which guides for Knative before us had people choose the nodes whose logs are collected. */
const OF_OLDER_GUIDES = ["beta.kubernetes.io/filebeat-ready", "beta.kubernetes.io/fluentd-ds-ready"];

const namesOf = (nodes: readonly KubeObject[]): string => nodes.map(({ metadata }) => metadata.name).join(", ");

/** What the label that was asked for comes to on these nodes; or that they have one of an older guide, which chooses nothing by itself. */
const sentence = (nodes: readonly KubeObject[], label: string | undefined): string | undefined => {
  const having = (one: string): readonly KubeObject[] => nodes.filter((node) => isLetOn(wanting(one), node));
  if (label !== undefined) {
    const on = having(label);
    if (on.length === nodes.length) return undefined;
    if (on.length > 0) return `Logs are collected on ${on.length} of ${nodes.length} nodes: ${namesOf(on)}.`;
    return `No node has the label ${label}: no logs are collected before one has it, and the installation waits for that: ${sh`kubectl label nodes NAME ${label.includes("=") ? label : `${label}=true`}`}`;
  }
  const old = OF_OLDER_GUIDES.map((key) => ({ key, on: having(key) })).find(({ on }) => on.length > 0);
  if (!old || old.on.length === nodes.length) return undefined;
  const wanted = having(`${old.key}=true`).length === old.on.length ? `${old.key}=true` : old.key;
  return `${old.on.length} of ${nodes.length} nodes have the label ${wanted} of older guides (${namesOf(old.on)}); logs of all nodes are collected. To collect there alone: ${sh`kn-bootstrap install --logging-nodes ${wanted}`}`;
};

/** Says on which nodes logs are collected, where that is not all of them, or may not be what was meant. */
export const sayWhichNodes = async (ctx: PlanContext, { loggingNodes }: Config): Promise<void> => {
  const nodes = (await readable(ctx.live.list("v1", "Node"))) ?? [];
  const text = nodes.length > 0 ? sentence(nodes, loggingNodes) : undefined;
  if (text) ctx.note(text);
};
