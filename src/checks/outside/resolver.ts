import { ok, skipped } from "../../core/check.ts";
import { few } from "../../ports/few.ts";
import { sh } from "../../ports/shell.ts";
import { healthCheck } from "../health-check.ts";
import { domainsOf } from "./domains.ts";
import { OUTSIDE, silenceOf } from "./view.ts";

export const resolverAnswers = healthCheck({
  id: "dns.resolver",
  title: "The resolver of this machine answers",
  reads: OUTSIDE,
  meaning: "Nothing can be said of the DNS from here: what is wrong with it stays open.",
  todo: "Name a resolver that can be reached from here with `--dns-resolver`, or look from another machine.",
  run: async (ctx) => {
    const { open, passed } = await domainsOf(ctx);
    const { resolver, signal } = ctx;
    if (!resolver) return skipped("the DNS is not looked at");
    if (open.length === 0)
      return skipped(passed.length > 0 ? few(passed) : "there is no domain outside of the cluster");
    const silence = await silenceOf(resolver, signal);
    if (!silence) return ok(resolver.server);
    return {
      status: "unknown",
      summary: `the DNS resolver cannot be asked: ${silence.message}`,
      remedy: {
        text: "Name one that can be reached from here.",
        command: sh`kn-bootstrap doctor --dns-resolver 192.0.2.53`,
      },
    };
  },
});
