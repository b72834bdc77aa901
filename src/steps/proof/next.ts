import { findAddress, urlAt } from "../../ingress/address.ts";
import { readerOf } from "../../ports/reader.ts";
import { sh } from "../../ports/shell.ts";
import { findNaming } from "../domain/index.ts";
import type { Part } from "../part.ts";

/** A Service of one's own, like the one that has just answered. */
export const next: NonNullable<Part["next"]> = async (install, { cluster }) => {
  const { config, ingress, manifests } = install;
  const reader = readerOf(cluster);
  const [naming, address] = await Promise.all([findNaming(reader, install), findAddress(reader, config, ingress)]);
  const url = naming && urlAt(naming.url({ name: "hello", namespace: "default" }), address);
  return [
    {
      text: `Deploy a first Service; it will answer at ${url ?? "the URL that status shows"}:`,
      command: sh`kn service create hello --image ${manifests.hello}`,
    },
  ];
};
