import { HOME } from "../../kube/inventory.ts";
import { STATE } from "../../kube/prior.ts";
import type { Installation } from "../installation.ts";
import { FOLLOW, READ, type Right, watching } from "../rights.ts";

/** Whether the gateway runs, and where it answers. */
export const rights = (install: Installation): readonly Right[] =>
  [...new Set(install.ingress.deployments.map(({ namespace = "" }) => namespace))]
    .flatMap(watching)
    .concat(finding(install));

/** Where the gateway answers. */
const finding = ({ config, ingress }: Installation): readonly Right[] => {
  const nodes: Right = { group: "", resource: "nodes", verbs: FOLLOW };
  const kept: Right = { namespace: HOME, group: "", resource: "configmaps", names: [STATE.name], verbs: READ };
  if (config.expose === "nodeport") return [...(config.address ? [] : [nodes]), kept];
  if (config.address) return [];
  const { namespace = "", name } = ingress.service;
  return [{ namespace, group: "", resource: "services", names: [name], verbs: READ }];
};
