import { contentHash, refOf, timestamp } from "../objects.ts";
import type { Api, Obj } from "../types.ts";

/** Records a core/v1 Event about an object, as `kubectl describe` shows it; the same news again only counts up. */
export const recordEvent = async (
  api: Api,
  component: string,
  object: Obj,
  type: "Normal" | "Warning",
  reason: string,
  message: string,
): Promise<void> => {
  const namespace = object.metadata.namespace ?? "default";
  const name = `${object.metadata.name}.${contentHash([object.metadata.uid, reason, message], 16)}`;
  const counted = await api.update(component, { apiVersion: "v1", kind: "Event", namespace, name }, (draft) => {
    draft.count += 1;
    draft.lastTimestamp = timestamp();
  });
  if (counted) return;
  await api.create(component, {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name, namespace },
    involvedObject: { ...refOf(object), uid: object.metadata.uid, resourceVersion: object.metadata.resourceVersion },
    type,
    reason,
    message,
    source: { component },
    reportingComponent: component,
    reportingInstance: "",
    firstTimestamp: timestamp(),
    lastTimestamp: timestamp(),
    eventTime: null,
    count: 1,
  });
};
