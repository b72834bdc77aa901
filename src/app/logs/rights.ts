import type { Emit } from "../../core/event.ts";
import { ApiError } from "../../ports/cluster.ts";
import { UserError } from "../../ports/error.ts";
import type { KubeObject } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";

export const isForbidden = (error: unknown): error is ApiError => error instanceof ApiError && error.status === 403;

/** The account may not list pods, or Services; `word`: behind `logs`. */
export const mayNotList = (
  error: ApiError,
  kind: "pods" | "Services",
  namespace: string | undefined,
  word: "requests" | "open",
): UserError =>
  new UserError({
    id: "logs.rights",
    what: `This account may not list ${kind} ${namespace === undefined ? "of all namespaces" : `in namespace ${namespace}`}.`,
    why: error.message,
    remedy:
      namespace === undefined
        ? {
            text: "Name the namespace that it may look into.",
            command: sh`kn-bootstrap logs ${word} --namespace NAME`,
          }
        : {
            text: "Have an administrator grant it. Whether it is granted:",
            command: sh`kubectl auth can-i list ${kind.toLowerCase()} ${inNamespace(namespace)}`,
          },
    kind: "input",
    cause: error,
  });

const mayNotRead = (error: ApiError, namespace: string): UserError =>
  new UserError({
    id: "logs.rights",
    what: `This account may not read the logs of pods in namespace ${namespace}.`,
    why: error.message,
    remedy: {
      text: "Have an administrator grant get on pods/log there. Whether it is granted:",
      command: sh`kubectl auth can-i get pods --subresource=log ${inNamespace(namespace)}`,
    },
    kind: "input",
    cause: error,
  });

/** Who may read some logs is told of the others; who may read none is refused. */
export interface Rights {
  /** The same lines; none where they may not be read. */
  readonly counted: <T>(pod: KubeObject, lines: AsyncIterable<T>) => AsyncGenerator<T, void, undefined>;
  /** Throws UserError where all that was tried was refused. */
  readonly assertSome: () => void;
}

export const createRights = (emit: Emit): Rights => {
  const refusals = new Map<string, ApiError>();
  let isSome = false;
  return {
    counted: async function* (pod, lines) {
      try {
        for await (const line of lines) {
          isSome = true;
          yield line;
        }
        isSome = true;
      } catch (error) {
        if (!isForbidden(error)) throw error;
        const { namespace = "" } = pod.metadata;
        if (!refusals.has(namespace))
          emit({ type: "note", level: "warning", text: `${error.message}: those are left out.` });
        refusals.set(namespace, error);
      }
    },
    assertSome: () => {
      const [first] = refusals;
      if (first && !isSome) throw mayNotRead(first[1], first[0]);
    },
  };
};
