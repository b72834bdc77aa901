import { API } from "../../certificates/cert-manager/names.ts";
import { type Check, skipped } from "../../core/check.ts";
import { dataOf, type ObjectRef } from "../../ports/object.ts";
import { configMap, findInstallation, routesHaveOwn } from "../found.ts";
import type { HealthContext } from "../health-check.ts";

const NOT_HERE = "certificates do not come from cert-manager here";

/** Whether Knative is to ask cert-manager for certificates. */
const isAsked = async ({ cluster }: Pick<HealthContext, "cluster">): Promise<boolean> => {
  const { serves, tls } = await findInstallation(cluster);
  if (tls !== undefined) return serves === "routes";
  const data = dataOf(await cluster.get(configMap("config-network")));
  const className = data["certificate-class"] ?? data["certificate.class"] ?? "cert-manager";
  return routesHaveOwn(data) && className.startsWith("cert-manager");
};

/** Runs it only where Knative is to ask cert-manager for certificates, whoever has set that. */
export const whereAsked =
  (run: Check["run"]): Check["run"] =>
  async (ctx, memory) =>
    (await isAsked(ctx)) ? run(ctx, memory) : skipped(NOT_HERE);

/** Runs it only where we had Knative ask. */
export const whereChosen =
  (run: Check["run"]): Check["run"] =>
  async (ctx, memory) =>
    (await findInstallation(ctx.cluster)).serves === "routes" ? run(ctx, memory) : skipped(NOT_HERE);

/**
 * Whom config-certmanager names. Undefined: it names none, or an Issuer, of which each namespace has its own. The value is YAML of two or three
 * lines.
 */
export const issuerAsked = async ({ cluster }: Pick<HealthContext, "cluster">): Promise<ObjectRef | undefined> => {
  const text = dataOf(await cluster.get(configMap("config-certmanager"))).issuerRef ?? "";
  const fieldOf = (key: string): string => new RegExp(`^\\s*${key}:\\s*["']?([\\w.-]+)`, "m").exec(text)?.[1] ?? "";
  const name = fieldOf("name");
  return name !== "" && fieldOf("kind") === "ClusterIssuer"
    ? { apiVersion: API, kind: "ClusterIssuer", name }
    : undefined;
};
