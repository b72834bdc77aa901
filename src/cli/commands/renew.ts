import { changesOf } from "../../core/change.ts";
import { UserError } from "../../ports/error.ts";
import { installedConfig } from "../../steps/chosen.ts";
import { runningInstallation } from "../../steps/prepare.ts";
import { nextRenewal, planRenewal, runRenewal, withRenewal } from "../../steps/renewing.ts";
import type { CommandContext } from "../context.ts";
import { agree, openSession } from "../session.ts";
import { lookAround } from "../surroundings.ts";

/** Others renew these. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  none: "There is no certificate: the installation has --tls none.",
  secret: "The certificate was brought in a Secret; whoever keeps that renews it. Then run install again.",
  "cert-manager": "cert-manager renews the certificates by itself.",
};

export const run = async (ctx: CommandContext): Promise<number> => {
  const session = await openSession(ctx);
  try {
    const config = await installedConfig(session.tools.cluster, ctx.config);
    const elsewhere = ELSEWHERE[config.tls];
    if (elsewhere) {
      ctx.emit({ type: "note", level: "info", text: elsewhere });
      return 0;
    }
    const { known, tools } = await lookAround(config, session);
    const install = { ...(await runningInstallation(config, session.tools.cluster)), ...known };
    const renewal = await nextRenewal(install, tools);
    if (!renewal) throw noCertificate();
    const due = await withRenewal(install, renewal, tools);
    const plan = await planRenewal(due, tools);
    if (changesOf(plan).length === 0) {
      const when = renewal.at.toISOString().slice(0, 16).replace("T", " ");
      ctx.emit({ type: "note", level: "info", text: `Not due before ${when} UTC: ${renewal.because}.` });
    }
    const { context, server } = tools.cluster.identity;
    if (!(await agree(ctx, plan, `Renew at context ${context} (${server})?`))) return 0;
    return ctx.finish(await runRenewal(plan, due, tools), []);
  } finally {
    session.close();
  }
};

const noCertificate = (): UserError =>
  new UserError({
    id: "renew.nothing",
    what: "There is no certificate of kn-bootstrap in this cluster.",
    why: "Secret kn-bootstrap/wildcard-tls does not exist or holds none.",
    remedy: { text: "Install first, or see which cluster this is.", command: "kn-bootstrap status" },
    exitCode: 2,
  });
