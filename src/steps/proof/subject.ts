import { hasTls, strategyOf } from "../../certificates/index.ts";
import { servedSecret } from "../../certificates/served.ts";
import type { Proof, Reached } from "../../checks/proven.ts";
import type { ObjectRef } from "../../ports/object.ts";
import { readerOf } from "../../ports/reader.ts";
import { findNaming } from "../domain/index.ts";
import type { Installation } from "../installation.ts";
import { GREETING } from "./hello.ts";

/** What is looked at of a hello Service. `reached`: filled with the ports that answered. */
export const proofOf = (install: Installation, service: ObjectRef, reached: Reached = {}): Proof => {
  const { config, ingress } = install;
  const { controller } = strategyOf(config.tls);
  return {
    config,
    ingress,
    service,
    greeting: GREETING,
    reached,
    naming: (ctx) => findNaming(readerOf(ctx.cluster), install),
    ...(install.dns ? { resolver: install.dns.resolver } : {}),
    ...(install.acmeCa ? { root: install.acmeCa } : {}),
    ...(hasTls(config)
      ? {
          secret: async (cluster) => (controller ? controller.secretOf(cluster, service) : servedSecret(install)),
        }
      : {}),
  };
};
