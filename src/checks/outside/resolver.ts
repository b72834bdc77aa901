import { fail, ok, skipped } from "../../core/check.ts";
import { few } from "../../ports/few.ts";
import { sh } from "../../ports/shell.ts";
import { healthCheck } from "../health-check.ts";
import { domainsOf } from "./domains.ts";
import { inSeconds, lateness } from "./prompt.ts";
import { OUTSIDE, silenceOf } from "./view.ts";

const another = (text: string) => ({ text, command: sh`kn-bootstrap doctor --dns-resolver 192.0.2.53` });

export const resolverAnswers = healthCheck({
  id: "dns.resolver",
  title: "The resolver of this machine answers, and soon",
  reads: OUTSIDE,
  meaning: "Nothing can be said of the DNS from here, or only slowly: what is wrong with it stays open.",
  todo: "Name a resolver that can be reached from here with `--dns-resolver`, or look from another machine.",
  run: async (ctx) => {
    const { open, passed } = await domainsOf(ctx);
    const { resolver, signal } = ctx;
    if (!resolver) return skipped("the DNS is not looked at");
    if (open.length === 0)
      return skipped(passed.length > 0 ? few(passed) : "there is no domain outside of the cluster");
    const silence = await silenceOf(resolver, signal);
    if (silence !== undefined)
      return {
        status: "unknown",
        summary: `the DNS resolver cannot be asked: ${silence}`,
        remedy: another("Name one that can be reached from here."),
      };
    // Of the root, which every resolver has at hand.
    const answers = await Promise.all((["NS", "SOA"] as const).map((type) => resolver.ask("", type, signal)));
    const late = lateness(answers);
    if (late === undefined) return ok(resolver.server);
    return fail(
      `the DNS resolver ${resolver.server} takes ${inSeconds(late)} to answer`,
      another("Whatever asks it is slow or gives up, an install included. Name one that is quicker, or mend this one."),
      { evidence: [{ field: `the root's NS and SOA at ${resolver.server}`, observed: inSeconds(late) }] },
    );
  },
});
