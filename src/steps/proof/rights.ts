import { HOME } from "../../kube/inventory.ts";
import { groupOf } from "../../ports/object.ts";
import { explaining, READ, type Right } from "../rights.ts";
import { HELLO } from "./hello.ts";

/** The temporary Service and what it becomes. */
export const rights = (): readonly Right[] => {
  const service = { namespace: HOME, group: groupOf(HELLO.apiVersion), resource: "services" };
  return [
    { ...service, names: [HELLO.name], verbs: [...READ, "patch", "delete"] },
    { ...service, verbs: ["create"] },
    ...explaining(HOME),
  ];
};
