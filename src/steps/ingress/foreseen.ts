import { cloudOf, loadBalancersOf } from "../../ingress/reach.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import { UserError } from "../../ports/error.ts";
import type { KubeObject } from "../../ports/object.ts";
import { readable } from "../../ports/readable.ts";
import { sh } from "../../ports/shell.ts";
import type { Installation } from "../installation.ts";

/**
 * What the nodes tell of an address that nobody has given out yet. Throws UserError where it can only be a host name, and the domain is to be
 * made from it (rule 21).
 */
export const foresee = async ({ live, note }: PlanContext, { config, ingress }: Installation): Promise<void> => {
  if (config.expose !== "loadbalancer" || config.address !== undefined || (await live.get(ingress.service))) return;
  const list = async (apiVersion: string, kind: string): Promise<readonly KubeObject[]> =>
    (await readable(live.list(apiVersion, kind))) ?? [];
  const cloud = cloudOf(await list("v1", "Node"));
  if (!cloud) return;
  if (cloud.isNamed && config.dns === "magic")
    throw new UserError({
      id: "dns.magic-hostname",
      what: `Magic DNS needs an IP address, and load balancers of ${cloud.title} have host names alone.`,
      why: "sslip.io reads the address out of the name. Nothing was changed.",
      remedy: {
        text: "Use a domain of your own and point its wildcard at the host name that comes; or say with --address where the gateway is reached.",
        command: sh`kn-bootstrap install --domain apps.example.com --dns none`,
      },
      kind: "input",
    });
  const [services, deployments] = await Promise.all([list("v1", "Service"), list("apps/v1", "Deployment")]);
  const { work, because } = loadBalancersOf(cloud, services, deployments);
  if (work === "no")
    note(
      `The gateway waits for a load balancer, and ${because}: take --expose nodeport, or start what gives them out.`,
    );
};
