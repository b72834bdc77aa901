import { type Check, fail, ok, skipped } from "../../../core/check.ts";
import { HOME } from "../../../kube/inventory.ts";
import { at, describe, keyOf, type ObjectRef } from "../../../ports/object.ts";
import { readerOf } from "../../../ports/reader.ts";
import { inNamespace, sh } from "../../../ports/shell.ts";
import { findIstio } from "../found.ts";
import { KNATIVE } from "../names.ts";

const MESH = { apiVersion: "maistra.io/v2", kind: "ServiceMeshControlPlane" };
const ROLL = { apiVersion: "maistra.io/v1", kind: "ServiceMeshMemberRoll" };

/** Knative's own, and the one in which the installation is proved. */
const NEEDED = [KNATIVE, HOME];

/** A control plane of OpenShift Service Mesh 2 looks at the namespaces of its member roll and at no others. */
export const namespacesSeen: Check = {
  id: "istio.members",
  title: "The mesh looks at Knative's namespaces",
  run: async ({ cluster }) => {
    const [planes, rolls, { istiods }] = await Promise.all([
      cluster.list(MESH),
      cluster.list(ROLL),
      findIstio(readerOf(cluster)),
    ]);
    const spaces = istiods.map(({ deployment }) => deployment.metadata.namespace);
    const plane = planes.find(({ metadata }) => spaces.includes(metadata.namespace));
    if (!plane) return skipped("no control plane of OpenShift Service Mesh 2 is here");
    const roll: ObjectRef = { ...ROLL, namespace: plane.metadata.namespace ?? "", name: "default" };
    const live = rolls.find((one) => keyOf(one) === keyOf(roll));
    if (at(live, "spec", "memberSelectors") !== undefined) return ok("it chooses them by their labels");
    const listed = at(live, "spec", "members");
    const members: readonly unknown[] = Array.isArray(listed) ? listed : [];
    const missing = members.includes("*") ? [] : NEEDED.filter((name) => !members.includes(name));
    if (missing.length === 0) return ok(members.join(", "));
    const patch = JSON.stringify({ spec: { members: [...members, ...missing] } });
    return fail(
      `${describe(roll)} does not have ${missing.join(" and ")}, and ${describe(plane)} looks at its members alone`,
      {
        text: "Add them, and the namespaces of your Services:",
        command: sh`kubectl patch servicemeshmemberroll ${roll.name} ${inNamespace(roll.namespace)} --type merge --patch ${patch}`,
      },
      { evidence: [{ object: roll, field: ".spec.members", observed: members }] },
    );
  },
};
