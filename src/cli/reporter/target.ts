import type { Event } from "../../core/event.ts";

/** `https://192.0.2.1:6443, Kubernetes 1.36.2` */
export const targetText = ({ server, version }: Extract<Event, { readonly type: "target" }>): string =>
  version === undefined ? server : `${server}, Kubernetes ${version}`;
