import { didYouMean } from "../../config/similar.ts";
import { dnsProvider } from "../../dns/index.ts";
import { UserError } from "../../ports/error.ts";
import { lines, sh } from "../../ports/shell.ts";
import type { CommandContext } from "../context.ts";

/** The faults that are asked for. Throws UserError for what is none, and for what would be felt by nobody. */
export const faultsOf = async ({
  flags,
  config,
}: Pick<CommandContext, "flags" | "config">): Promise<readonly string[]> => {
  const faults = flags.fault.flatMap((text) => text.split(/\s+/));
  await assertFaults(faults);
  await assertOutside(faults, config);
  return faults;
};

const assertFaults = async (texts: readonly string[]): Promise<void> => {
  const { chooseFault, FAULTS } = await import("../../sandbox/faults/index.ts");
  const wrong = texts.find((text) => !chooseFault(text));
  if (wrong === undefined) return;
  const [name = ""] = wrong.split(":");
  const known = FAULTS.find((fault) => fault.name === name);
  const terms = FAULTS.map((fault) => ({ ...fault, term: `${fault.name}[:${fault.parameter.value}]` }));
  const width = Math.max(...terms.map(({ term }) => term.length));
  throw new UserError({
    id: "rehearse.fault",
    what: known
      ? `The fault ${name} does not take ${JSON.stringify(wrong.slice(name.length + 1))}.`
      : `There is no fault ${JSON.stringify(name)}.`,
    remedy: {
      text: didYouMean(name, known ? [] : FAULTS.map((fault) => fault.name), "These can be asked for:"),
      command: lines(terms.map(({ term, summary }) => `${term.padEnd(width)}  ${summary}`).join("\n")),
    },
    kind: "input",
  });
};

/** Without a domain, nobody asks a name server or a CA. */
const assertOutside = async (texts: readonly string[], { domain, dns }: CommandContext["config"]): Promise<void> => {
  const { chooseFault } = await import("../../sandbox/faults/index.ts");
  const wrong = texts.find((text) => chooseFault(text)?.fault.isOutside);
  if (wrong === undefined || (domain && dnsProvider(dns))) return;
  throw new UserError({
    id: "rehearse.fault",
    what: `The fault ${wrong} is felt by nobody: this rehearsal has no name servers and no CA.`,
    remedy: {
      text: "Rehearse with a domain whose records are written:",
      command: sh`kn-bootstrap rehearse --fault ${wrong} --domain apps.example.com --dns route53 --tls letsencrypt`,
    },
    kind: "input",
  });
};
