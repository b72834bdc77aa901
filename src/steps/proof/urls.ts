import { findAddress, openedPorts, urlAt } from "../../ingress/address.ts";
import { readerOf } from "../../ports/reader.ts";
import { findNaming } from "../domain/index.ts";
import type { Installation } from "../installation.ts";
import type { NextTools } from "../part.ts";

/** How a Service is called, as its URL opens; undefined: Knative has no default domain yet. */
export const findUrls = async (
  install: Installation,
  { cluster, opensAt }: Pick<NextTools, "cluster" | "opensAt">,
): Promise<((service: { readonly name: string; readonly namespace: string }) => string) | undefined> => {
  const reader = readerOf(cluster);
  const [naming, address] = await Promise.all([
    findNaming(reader, install),
    findAddress(reader, install.config, install.ingress),
  ]);
  return naming && ((service) => urlAt(naming.url(service), openedPorts(address, opensAt)));
};
