/** Says in the status of ResourceQuotas what they limit and how much of it is used. */

import { hardOf, type Usage, usedOf } from "../plugins/quota.ts";
import { printQuantity } from "../schema/quantity.ts";
import { createWorkQueue } from "../work-queue.ts";
import type { Cluster } from "./cluster.ts";

const MANAGER = "kube-controller-manager";

const textsOf = (usage: Usage): Record<string, string> =>
  Object.fromEntries([...usage].map(([name, amount]) => [name, printQuantity(amount)]));

export function measureQuotas({ client, world: { store } }: Cluster): () => void {
  const measure = async (namespace: string): Promise<void> => {
    for (const quota of store.list("/resourcequotas", namespace)) {
      const { apiVersion, kind, metadata } = quota;
      await client.update(
        MANAGER,
        { apiVersion, kind, namespace, name: metadata.name },
        (draft) => {
          draft.status = { hard: textsOf(hardOf(quota)), used: textsOf(usedOf(store, quota)) };
        },
        { subresource: "status" },
      );
    }
  };
  const queue = createWorkQueue(measure);
  const off = store.onChange(({ object: { metadata } }) => {
    const { namespace } = metadata;
    if (namespace !== undefined && store.list("/resourcequotas", namespace).length > 0) queue.add(namespace);
  });
  return () => {
    off();
    queue.stop();
  };
}
