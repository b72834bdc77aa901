import type { KubeObject, ObjectRef } from "../ports/object.ts";

/** NodePorts of `--expose nodeport`; kind-config.yaml maps the host's 80 and 443 to them. */
export const NODE_PORTS = { http: 31080, https: 31443 } as const;

const NODE_PORT_OF: Readonly<Record<number, number>> = { 80: NODE_PORTS.http, 443: NODE_PORTS.https };

/** The gateway's Service for `--expose nodeport`; other ports than 80 and 443 get a node port by chance. */
export const asNodePort = (service: KubeObject): KubeObject => {
  const spec = service.spec as { readonly ports: readonly { readonly port: number }[] };
  const ports = spec.ports.map((port) => {
    const nodePort = NODE_PORT_OF[port.port];
    return nodePort === undefined ? port : { ...port, nodePort };
  });
  return { ...service, spec: { ...spec, type: "NodePort", ports } };
};

/** Whether a release's object is the one that is named. */
export const isThe = ({ kind, metadata }: KubeObject, ref: ObjectRef): boolean =>
  kind === ref.kind && metadata.name === ref.name && metadata.namespace === ref.namespace;
