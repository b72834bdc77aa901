import { serviceReady } from "../../checks/proof.ts";
import type { Installation } from "../installation.ts";
import { part as partOf, step } from "../part.ts";
import { hello } from "../proof/hello.ts";
import { proofOf } from "../proof/subject.ts";
import { options } from "./options.ts";
import { keptHello } from "./place.ts";

const ID = "hello";

/** What --keep-hello asks for: a Service like the one of the proof that nobody takes away. */
const kept = (install: Installation) => {
  const { config, manifests } = install;
  const at = keptHello(config);
  const wanted = config.keepHello ? [hello(manifests.hello, { at })] : [];
  return step({
    id: ID,
    title: config.keepHello ? "Leave a Service for looking at" : "Leave no Service for looking at",
    undo: "Remove the Service for looking at",
    needs: ["proof"],
    plan: async (ctx) => [...(await ctx.prune(wanted)), ...(await ctx.reconcile(wanted))],
    verify: config.keepHello ? [serviceReady(proofOf(install, at))] : [],
  });
};

export const part = partOf({ id: ID, options, steps: (install) => [kept(install)] });
