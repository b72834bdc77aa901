import { isTrue } from "../../objects.ts";
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

const MANAGER = "mesh-team";
const CRD = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" };

/** Makes what somebody else has installed; resolves when the server knows it, and its pods may still be starting. */
export const bring = async (api: Api, objects: readonly Obj[]): Promise<void> => {
  const isDefinition = ({ kind }: Obj): boolean => kind === CRD.kind;
  const definitions = objects.filter(isDefinition);
  for (const definition of definitions) await api.create(MANAGER, definition);
  const isKnown = ({ metadata: { name } }: Obj): boolean => isTrue(api.get({ ...CRD, name }), "Established");
  await new Promise<void>((resolve) => {
    const stop = api.onChange(() => look());
    const look = (): void => {
      if (!definitions.every(isKnown)) return;
      stop();
      resolve();
    };
    look();
  });
  for (const object of objects) if (!isDefinition(object)) await api.create(MANAGER, object);
};
