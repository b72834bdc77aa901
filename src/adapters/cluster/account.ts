import { type Account, ApiError } from "../../ports/cluster.ts";
import { at } from "../../ports/object.ts";
import type { Send } from "./transport.ts";

const GROUP = "authentication.k8s.io/v1";

/**
 * Whom the server takes us for. Servers before 1.28 do not serve the question in this version, and one may forbid it; then it is
 * `fallback`, the kubeconfig's name.
 */
export const askAccount = async (send: Send, fallback: string): Promise<Account> => {
  try {
    const body = { apiVersion: GROUP, kind: "SelfSubjectReview", metadata: {} };
    const answer = await send({ method: "POST", path: `/apis/${GROUP}/selfsubjectreviews`, body, repeatable: true });
    const name = at(answer.body, "status", "userInfo", "username");
    if (typeof name === "string" && name !== "") return { name, isKnown: true };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
  return { name: fallback, isKnown: false };
};
