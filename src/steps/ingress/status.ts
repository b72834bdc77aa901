import { networkSettings } from "../../checks/found.ts";
import { type Address, findAddress, openedPorts, urlAt } from "../../ingress/address.ts";
import { ingressOfClass } from "../../ingress/index.ts";
import type { IngressProvider } from "../../ingress/provider.ts";
import { seenOfClass } from "../../ingress/seen/index.ts";
import { VERSION_LABEL } from "../../ports/object.ts";
import { readerOf } from "../../ports/reader.ts";
import { foundNaming } from "../domain/found.ts";
import { type Seen, section } from "../part.ts";

const classIn = ({ network }: Seen): string => networkSettings(network).className;

/** Undefined: an ingress that we do not know. */
const providerIn = (seen: Seen): IngressProvider | undefined => ingressOfClass(classIn(seen), seen.choices);

/** Where the gateway is, by what the cluster keeps of how it was to be reached. */
export const addressIn = async (seen: Seen): Promise<Address | undefined> => {
  const { choices, ctx } = seen;
  const service = providerIn(seen)?.service ?? (await seenOfClass(classIn(seen))?.look(ctx.cluster))?.service;
  const exposure = {
    expose: choices.expose === "nodeport" ? ("nodeport" as const) : ("loadbalancer" as const),
    ...(typeof choices.address === "string" ? { address: choices.address } : {}),
  };
  return service && findAddress(readerOf(ctx.cluster), exposure, { service });
};

export const status = section({
  read: async (seen) => {
    const provider = providerIn(seen);
    const named = provider?.assets.find(({ component }) => component === provider.component);
    const other = seenOfClass(classIn(seen));
    const place = named?.versionAt ?? provider?.deployments[0] ?? other?.controller;
    const version = seen.deployments.find(
      ({ metadata }) => metadata.namespace === place?.namespace && metadata.name === place?.name,
    )?.metadata.labels?.[VERSION_LABEL];
    const [address, naming] = await Promise.all([addressIn(seen), foundNaming(seen)]);
    return {
      ingress: { id: provider?.id ?? other?.id ?? "other", className: classIn(seen), ...(version ? { version } : {}) },
      /** `https://<service>-<namespace>.apps.example.com` */
      ...(naming
        ? {
            url: urlAt(
              naming.url({ name: "<service>", namespace: "<namespace>" }),
              openedPorts(address, seen.ctx.opensAt),
            ),
          }
        : {}),
      ...(address
        ? { address: { host: address.host, http: address.http, https: address.https, source: address.source } }
        : {}),
    };
  },
  rows: ({ ingress, url, address }) => [
    ...(ingress
      ? [["Ingress", `${ingress.id}${ingress.version ? ` ${ingress.version}` : ""} (${ingress.className})`] as const]
      : []),
    ...(url ? [["URLs", url] as const] : []),
    ...(address ? [["Address", `${address.host}, by ${address.source}`] as const] : []),
  ],
});
