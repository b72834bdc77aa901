import { type Ports, urlAt } from "../../ingress/address.ts";
import { OWNER_LABEL } from "../../kube/inventory.ts";
import type { ClusterRead } from "../../ports/cluster.ts";
import { textAt } from "../../ports/object.ts";
import type { CommandContext } from "../context.ts";

/**
 * With --open: opens the Service that --keep-hello has left. Says so, or why not; what went before is fine in any case. `address`: how the
 * gateway is reached, asked only then.
 */
export const openHello = async (
  { flags, adapters, emit }: Pick<CommandContext, "flags" | "adapters" | "emit">,
  cluster: Pick<ClusterRead, "list">,
  address: () => Promise<Ports | undefined>,
): Promise<void> => {
  if (!flags.open) return;
  const warn = (text: string): void => emit({ type: "note", level: "warning", text });
  const [hello] = await cluster.list({
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    labelSelector: `${OWNER_LABEL}=hello`,
  });
  const said = URL.parse(textAt(hello, "status", "url"));
  if (!said || !/^https?:$/.test(said.protocol))
    return warn("There is nothing to open: install --keep-hello leaves a Service for looking at.");
  const url = urlAt(said.origin, await address());
  if (await adapters.openUrl?.(url)) emit({ type: "note", level: "info", text: `Opened ${url}` });
  else warn(`There is no desktop here to open it on: ${url}`);
};
