import { type CommandFlags, flagOf } from "../../config/options.ts";
import { UserError } from "../../ports/error.ts";

/** What a run that only installs or removes the CronJob does not do. */
const NOT_WITH_CRONJOB = [
  ["contexts", "--contexts"],
  ["allContexts", "--all-contexts"],
  ["fix", "--fix"],
  ["watch", "--watch"],
  ["probe", "--probe"],
  ["save", "--save"],
  ["publish", "--publish"],
  ["metricsFile", "--metrics-file"],
] as const;

/** Each pair of which one has to be left out, and why. */
const APART: readonly (readonly [keyof CommandFlags, string, keyof CommandFlags, string, string])[] = [
  ["from", "--from", "contexts", "--contexts", "A recording is of one cluster."],
  ["from", "--from", "allContexts", "--all-contexts", "A recording is of one cluster."],
  ["from", "--from", "watch", "--watch", "A recording does not change."],
  ["from", "--from", "save", "--save", "It is a recording already."],
  ["contexts", "--contexts", "allContexts", "--all-contexts", "Each says which clusters."],
  ["contexts", "--contexts", "save", "--save", "A recording is of one cluster."],
  ["allContexts", "--all-contexts", "save", "--save", "A recording is of one cluster."],
  ["contexts", "--contexts", "watch", "--watch", "One cluster can be watched."],
  ["allContexts", "--all-contexts", "watch", "--watch", "One cluster can be watched."],
  ["publish", "--publish", "from", "--from", "A recording is of another time."],
  ["installCronjob", "--install-cronjob", "removeCronjob", "--remove-cronjob", "Each is a run of its own."],
  ["installCronjob", "--install-cronjob", "from", "--from", "It is installed into a cluster."],
  ["removeCronjob", "--remove-cronjob", "from", "--from", "It is removed from a cluster."],
  ["metricsFile", "--metrics-file", "contexts", "--contexts", "The metrics are of one cluster."],
  ["metricsFile", "--metrics-file", "allContexts", "--all-contexts", "The metrics are of one cluster."],
  ["probe", "--probe", "from", "--from", "A recording holds what was asked when it was made."],
  ["probe", "--probe", "fix", "--fix", "What is mended is tried on what was read before."],
  ["probe", "--probe", "watch", "--watch", "It would make a Service every few seconds."],
  ["save", "--save", "watch", "--watch", "A recording is one look."],
  ["fix", "--fix", "contexts", "--contexts", "One plan is for one cluster."],
  ["fix", "--fix", "allContexts", "--all-contexts", "One plan is for one cluster."],
  ["fix", "--fix", "watch", "--watch", "It looks again by itself until what it changed holds."],
  ["fix", "--fix", "probe", "--probe", "It makes a Service for one look, and --fix looks more than once."],
  ["fix", "--fix", "save", "--save", "It looks more than once. Save a recording first, and try --fix --from on it."],
  ["fix", "--fix", "publish", "--publish", "It looks more than once. Publish what the next look finds."],
  ["fix", "--fix", "metricsFile", "--metrics-file", "It looks more than once. Write what the next look finds."],
  ["watch", "--watch", "metricsFile", "--metrics-file", "It writes what one look has found."],
  ...NOT_WITH_CRONJOB.flatMap(([key, flag]) =>
    (
      [
        ["installCronjob", "--install-cronjob"],
        ["removeCronjob", "--remove-cronjob"],
      ] as const
    ).map(
      ([cronJob, cronJobFlag]) =>
        [cronJob, cronJobFlag, key, flag, "It changes the CronJob of one cluster, and looks at nothing."] as const,
    ),
  ),
];

/** What says how something is to be that has to be asked for. */
const LONELY = [
  ["probeNamespace", "probe"],
  ["probeImage", "probe"],
  ["image", "installCronjob"],
  ["schedule", "installCronjob"],
] as const;

const isGiven = (value: unknown): boolean =>
  value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);

/** Throws UserError (input) for options of doctor that do not go together. */
export const assertDoctorFlags = (flags: CommandFlags): void => {
  const bad = (what: string, why: string) =>
    new UserError({ id: "doctor.flags", what, why, remedy: "Give one of them.", kind: "input" });
  for (const [one, flag, other, otherFlag, why] of APART)
    if (isGiven(flags[one]) && isGiven(flags[other])) throw bad(`${flag} does not go with ${otherFlag}.`, why);
  for (const [flag, of] of LONELY)
    if (isGiven(flags[flag]) && !isGiven(flags[of]))
      throw new UserError({
        id: "doctor.flags",
        what: `${flagOf({ key: flag })} does nothing without ${flagOf({ key: of })}.`,
        remedy: `Add ${flagOf({ key: of })}, or leave it out.`,
        kind: "input",
      });
  const ofCanary = flags.checks?.find((name) => name === "canary" || name.startsWith("canary."));
  if (ofCanary !== undefined && !flags.probe && flags.from === undefined && !flags.listChecks)
    throw new UserError({
      id: "doctor.flags",
      what: `--check ${ofCanary} does nothing without --probe.`,
      why: "It asks a Service that --probe makes.",
      remedy: "Add --probe.",
      kind: "input",
    });
  const isMany = isGiven(flags.contexts) || flags.allContexts;
  if (isMany && (flags.format === "junit" || flags.format === "sarif"))
    throw bad(`--format ${flags.format} does not go with several clusters.`, "It is one document of one cluster.");
  const isForPeople = flags.format === undefined || flags.format === "text" || flags.format === "short";
  if (flags.fix && !isForPeople)
    throw bad(
      `--format ${flags.format} does not go with --fix.`,
      "There is a plan to tell of; --output json has it all.",
    );
};
