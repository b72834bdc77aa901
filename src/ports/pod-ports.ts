/** Where a connection ends. */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** A port of this machine that leads to a port of a pod. */
export interface Forward {
  /** Of 127.0.0.1. */
  readonly port: number;
  readonly close: () => void;
}

/** The way to ports of pods, through the API server. */
export interface PodPorts {
  /**
   * Opens a free port of loopback and carries each connection to it to what `target` names at that time. Rejects when the first try does not
   * come through: ApiError, Unreachable, or {@link PortClosed}. `onTrouble` is told of connections that fail later.
   */
  readonly forward: (target: () => Promise<PodPort>, onTrouble: (reason: string) => void) => Promise<Forward>;
}

/** The pod has no such port open; in the node's words. */
export class PortClosed extends Error {
  constructor({ namespace, pod, port }: PodPort, why: string) {
    super(`port ${port} of pod ${namespace}/${pod} does not answer: ${why}`);
    this.name = "PortClosed";
  }
}
