import { dataOf, type KubeObject } from "../ports/object.ts";

/** A Secret as we send it: what we know of it, and nothing that the server added. */
export const asWritten = ({ apiVersion, kind, metadata, ...rest }: KubeObject): KubeObject => {
  const { name, namespace, labels, annotations } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
    },
    type: rest.type,
    data: dataOf({ apiVersion, kind, metadata, ...rest }),
  };
};
