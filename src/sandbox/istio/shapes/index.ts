import { bringAs } from "../../objects.ts";
import type { Api, Obj } from "../../types.ts";
import { helm, istioctl, revisionAndTag, twoGateways } from "./charts.ts";
import { serviceMesh2, serviceMesh3 } from "./service-mesh.ts";

/** An Istio of somebody else, as it may be found in a cluster. */
const SHAPES = {
  istioctl,
  helm,
  "two-gateways": twoGateways,
  revision: revisionAndTag,
  "service-mesh-2": serviceMesh2,
  "service-mesh-3": serviceMesh3,
} satisfies Readonly<Record<string, () => readonly Obj[]>>;

export type Shape = keyof typeof SHAPES;

export const shapes = Object.keys(SHAPES) as readonly Shape[];

export const shapeObjects = (shape: Shape): readonly Obj[] => SHAPES[shape]();

/** Makes what somebody else has installed; resolves when the server knows it, and its pods may still be starting. */
export const bring = (api: Api, objects: readonly Obj[]): Promise<void> => bringAs("mesh-team", api, objects);
