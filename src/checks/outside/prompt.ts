import { type Finding, fail, ok, skipped, warn } from "../../core/check.ts";
import { askAll, type Reply, serverLabel } from "../../dns/servers.ts";
import { dig } from "../../ports/dig.ts";
import { type Answer, NoAnswer, type RecordType, type Resolver } from "../../ports/dns.ts";
import { few } from "../../ports/few.ts";
import { healthCheck } from "../health-check.ts";
import { type Located, OUTSIDE, outside } from "./view.ts";
import { worst } from "./worst.ts";

/** Many programs, and most CAs, have asked somebody else or given up by then, in milliseconds. */
const LATE_MS = 2_000;
/** One late answer may be a lost packet, or one that a resolver had to look for. */
const TYPES = ["NS", "SOA"] as const satisfies readonly RecordType[];

/** Milliseconds that the quickest of several answers took, where all of them were late. */
export const lateness = (answers: readonly Answer[]): number | undefined => {
  const quickest = Math.min(...answers.map(({ ms = 0 }) => ms));
  return answers.length > 0 && quickest >= LATE_MS ? quickest : undefined;
};

export const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const answersOf = (said: readonly Reply[]): readonly Answer[] =>
  said.flatMap(({ answer }) => (answer instanceof NoAnswer ? [] : [answer]));

const judge = async (resolver: Resolver, { zone, delegation }: Located, signal: AbortSignal): Promise<Finding> => {
  const said = (
    await Promise.all(TYPES.map((type) => askAll(resolver, delegation.servers, zone, type, signal)))
  ).flat();
  const each = [...Map.groupBy(said, serverLabel)].map(([server, some]) => ({ server, answers: answersOf(some) }));
  const answering = each.filter(({ answers }) => answers.length > 0);
  const late = answering.flatMap(({ server, answers }) => {
    const ms = lateness(answers);
    return ms === undefined ? [] : [{ server, ms }];
  });
  const [first] = late;
  // Those that do not answer are told by what asks them for their records.
  if (!first) return answering.length > 0 ? ok(`every server of ${zone}`) : skipped(`no server of ${zone} answers`);
  const isAll = late.length === answering.length;
  return (isAll ? fail : warn)(
    `${isAll ? "every server" : "a server"} of ${zone} takes ${inSeconds(first.ms)} to answer: ${few(late.map(({ server }) => server))}`,
    {
      text: "Ask whoever runs them why they are late. Until then names of this domain resolve slowly or not at all, and a CA that checks it may give up.",
      command: dig(["+trace", "SOA"], zone),
    },
    { evidence: late.map(({ server, ms }) => ({ field: `${zone} SOA at ${server}`, observed: inSeconds(ms) })) },
  );
};

export const serversPrompt = healthCheck({
  id: "dns.prompt",
  title: "The servers of each domain's zone answer soon",
  needs: ["dns.resolver"],
  reads: OUTSIDE,
  meaning:
    "Names of Services resolve slowly or, for programs that wait for less than two seconds, not at all; a certificate that is ordered is not issued in time.",
  todo: "Ask whoever runs the zone's name servers; look from another network as well, to tell them from the way to them.",
  run: outside(async (view, { signal }) => {
    const zones = [...new Map((await view.located()).map((each) => [each.zone, each])).values()];
    const findings = await Promise.all(zones.map((each) => judge(view.resolver, each, signal)));
    const first = worst(findings);
    return first?.status === "ok"
      ? ok(few(findings.map(({ summary }) => summary)))
      : (first ?? skipped("there is none"));
  }),
});
