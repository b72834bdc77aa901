import { meshNamespaceFound, noOtherMesh } from "../../checks/mesh/namespace.ts";
import { outsidersLetIn } from "../../checks/mesh/outside.ts";
import { IN_MESH, sidecarsFound } from "../../checks/mesh/sidecars.ts";
import { strictFound, strictNeedsSidecars } from "../../checks/mesh/strict.ts";
import { isThe } from "../../ingress/gateway-service.ts";
import { KNATIVE } from "../../ingress/istio/names.ts";
import { at, isRecord } from "../../ports/object.ts";
import { part as partOf, type Transform } from "../part.ts";
import { options } from "./options.ts";
import { mutualLocalGateway, POLICY, policy, RULE } from "./policy.ts";
import { INJECT, sidecars } from "./sidecars.ts";

/** What the API server or net-istio's prober calls is called from outside the mesh: it stays out, whatever its namespace asks for. */
const outside: Transform = (object) => {
  const isMeant =
    object.kind === "Deployment" && object.metadata.namespace === KNATIVE && !IN_MESH.some((ref) => isThe(object, ref));
  if (!isMeant) return object;
  const copy = structuredClone(object);
  const metadata = at(copy, "spec", "template", "metadata");
  if (isRecord(metadata))
    metadata.labels = { ...(isRecord(metadata.labels) ? metadata.labels : {}), [INJECT]: "false" };
  return copy;
};

export const part = partOf({
  id: "mesh",
  options,
  transform: ({ config }) => (config.mesh ? (object) => mutualLocalGateway(outside(object)) : (object) => object),
  kinds: [POLICY, RULE].map((kind) => ({ ...kind, namespaced: true })),
  preflight: ({ mesh }) => [strictNeedsSidecars(mesh), noOtherMesh(mesh)],
  checks: [sidecarsFound, strictFound, meshNamespaceFound, outsidersLetIn],
  steps: (install) => [
    sidecars(install), // of those through which requests go
    policy(install), //   who gets in
  ],
});
