import { findAddress } from "../../ingress/address.ts";
import { escapedName } from "../../ports/dns-name.ts";
import { readerOf } from "../../ports/reader.ts";
import { lines } from "../../ports/shell.ts";
import { findNaming } from "../domain/index.ts";
import type { Part } from "../part.ts";
import { recordFor } from "./status.ts";

/** With `--dns none`: what somebody has to publish. */
export const next: NonNullable<Part["next"]> = async (install, { cluster }) => {
  const { config, ingress } = install;
  if (config.dns !== "none") return [];
  const reader = readerOf(cluster);
  const [naming, address] = await Promise.all([findNaming(reader, install), findAddress(reader, config, ingress)]);
  if (!naming || !address) return [];
  const { name, type, value } = recordFor(naming.everything, address.host);
  return [
    {
      text: "Publish this record where the domain's DNS is kept:",
      command: lines(`${escapedName(name)}. ${type} ${type === "CNAME" ? `${escapedName(value)}.` : value}`),
    },
  ];
};
