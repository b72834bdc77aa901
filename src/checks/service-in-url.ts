import type { ObjectRef } from "../ports/object.ts";

/** What a URL of a Service of this cluster leads to. */
export interface Listening {
  readonly service: ObjectRef;
  readonly port: number;
  /** Without a slash at its end. */
  readonly path: string;
}

/** The Service of this cluster behind a URL in plain http: the API server asks it for us. A password would not get through it. */
export const serviceIn = (url: string): Listening | undefined => {
  const { protocol, hostname, port, pathname } = new URL(url);
  const [, name, namespace] = /^([a-z0-9-]+)\.([a-z0-9-]+)(\.svc(\.cluster\.local)?)?$/.exec(hostname) ?? [];
  if (protocol !== "http:" || name === undefined || namespace === undefined) return undefined;
  const service = { apiVersion: "v1", kind: "Service", namespace, name };
  return { service, port: Number(port || 80), path: pathname.replace(/\/+$/, "") };
};
