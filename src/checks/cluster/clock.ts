import { fail, ok, skipped, timeOfReading } from "../../core/check.ts";
import { apart } from "../../dns/clocks.ts";
import type { Evidence } from "../../ports/facts.ts";
import { few } from "../../ports/few.ts";
import { conditionOf, describe, type KubeObject, refOf, textAt } from "../../ports/object.ts";
import { readable } from "../../ports/readable.ts";
import { sh } from "../../ports/shell.ts";
import { healthCheck } from "../health-check.ts";

/** Signed requests may be off by so much (RFC 8945 section 10), and new certificates begin so long before. */
const TOLERATED_MS = 5 * 60_000;

/** What a kubelet has noted by its own clock. Undefined: it has noted nothing yet. */
const heartbeatOf = (node: KubeObject): number | undefined => {
  const time = Date.parse(textAt(conditionOf(node, "Ready"), "lastHeartbeatTime"));
  return Number.isNaN(time) ? undefined : time;
};

export const clocksAgree = healthCheck({
  id: "cluster.clock",
  title: "The clocks of this machine, the API server and the nodes agree",
  reads: ["clock", "Node"],
  meaning:
    "By one clock a certificate has ended, or not begun, that by another is good; signed requests to name servers, clouds and CAs are refused; tokens are not valid yet. What is said here of dates goes by this machine's clock.",
  todo: "Have every machine set its clock by NTP: `timedatectl set-ntp true`.",
  threads: ["certbot/certbot#9236"],
  run: async (ctx) => {
    const [skew, nodes] = await Promise.all([
      ctx.skewMs?.(),
      readable(ctx.cluster.list({ apiVersion: "v1", kind: "Node" })),
    ]);
    const here = timeOfReading(ctx);
    if (skew !== undefined && Math.abs(skew) >= TOLERATED_MS) {
      const clocks = { ours: here, theirs: here + skew };
      const [ours, theirs] = [here, here + skew].map((time) => new Date(time).toISOString());
      return fail(
        `this machine's clock is ${apart(clocks)} ${skew < 0 ? "ahead of" : "behind"} the API server's: here it is ${ours}, there ${theirs}`,
        { text: "Set the clock that is wrong; for this machine:", command: sh`timedatectl set-ntp true` },
        { evidence: [{ field: "Date of the API server's answer", observed: theirs, expected: ours }] },
      );
    }
    // A clock that is behind looks like a kubelet that has been silent.
    const there = here + (skew ?? 0);
    const ahead = (nodes ?? []).flatMap((node): readonly { readonly node: KubeObject; readonly time: number }[] => {
      const time = heartbeatOf(node);
      return time !== undefined && time - there >= TOLERATED_MS ? [{ node, time }] : [];
    });
    const [first] = ahead;
    if (!first)
      return skew === undefined
        ? skipped("the API server does not say what time it is")
        : ok(`within ${Math.round(TOLERATED_MS / 60_000)} minutes`);
    return fail(
      `the clock of ${few(ahead.map(({ node }) => describe(node)))} is ${apart({ ours: there, theirs: first.time })} ahead of the API server's`,
      {
        text: "Have the node set its clock by NTP; on the node:",
        command: sh`timedatectl set-ntp true`,
      },
      {
        evidence: ahead.map(
          ({ node, time }): Evidence => ({
            object: refOf(node),
            field: "condition Ready .lastHeartbeatTime",
            observed: new Date(time).toISOString(),
            expected: `no later than ${new Date(there).toISOString()}`,
          }),
        ),
      },
    );
  },
});
