import { createHash } from "node:crypto";
import type { Obj } from "../types.ts";

/** 64 hexadecimal digits: of a container of a pod, after this many restarts of it. */
export const containerHash = ({ metadata }: Obj, container: string, restarts: number): string =>
  createHash("sha256").update(`${metadata.uid}/${container}/${restarts}`).digest("hex");

/** The same as a pod's status says it. */
export const containerId = (pod: Obj, container: string, restarts: number): string =>
  `containerd://${containerHash(pod, container, restarts)}`;
