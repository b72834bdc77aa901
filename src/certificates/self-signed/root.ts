import { HOME } from "../../kube/home.ts";
import type { ObjectRef } from "../../ports/object.ts";

/** The private CA of this cluster; it outlives certificates and uninstalls, so that it has to be imported only once. */
export const ROOT: ObjectRef = { apiVersion: "v1", kind: "Secret", namespace: HOME, name: "self-signed-root" };
