import type { Remedy } from "../ports/error.ts";
import { type ShellCommand, sh } from "../ports/shell.ts";

const said = (text: string, command: ShellCommand): Remedy => ({ text, command });

const ALWAYS_WAITS = said(
  "It always waits until all runs and answers; how long, says",
  sh`kn-bootstrap install --timeout 10m`,
);
const SETTINGS = said(
  "Each setting is an option of its own, and a file of them is read with",
  sh`kn-bootstrap install --config FILE`,
);
const EVERYWHERE = said(
  "Namespaces are made where they are missing, and the Services of all of them are looked at:",
  sh`kn-bootstrap status --services`,
);

/** Options of kubectl and helm, and our word for what they do there. */
const OPTIONS: Readonly<Record<string, Remedy>> = {
  "--dry-run": said("What would change, without changing it, is shown by", sh`kn-bootstrap plan`),
  "--wait": ALWAYS_WAITS,
  "--atomic": ALWAYS_WAITS,
  "--force": said(
    "Questions are answered by --yes; fields that somebody else owns are changed by",
    sh`kn-bootstrap install --take-ownership`,
  ),
  "--set": SETTINGS,
  "--set-string": SETTINGS,
  "--values": SETTINGS,
  "--filename": SETTINGS,
  "-f": SETTINGS,
  "--kube-context": said("The context is named by", sh`kn-bootstrap install --context NAME`),
  "--create-namespace": EVERYWHERE,
  "--namespace": EVERYWHERE,
  "-n": EVERYWHERE,
  "--all-namespaces": EVERYWHERE,
  "-A": EVERYWHERE,
};

const INSTALL = said("That is called install here; it shows its plan and asks first:", sh`kn-bootstrap install`);
const UNINSTALL = said("That is called uninstall here; it shows its plan and asks first:", sh`kn-bootstrap uninstall`);
const STATUS = said("What is installed, and how it is, is shown by", sh`kn-bootstrap status`);
const DOCTOR = said("What is wrong, and what helps, is said by", sh`kn-bootstrap doctor`);

/** Commands of theirs. */
const COMMANDS: Readonly<Record<string, Remedy>> = {
  apply: INSTALL,
  create: INSTALL,
  init: INSTALL,
  up: INSTALL,
  upgrade: said(
    "Which minor is meant, says an option; what would change, the plan:",
    sh`kn-bootstrap plan --knative-version MINOR`,
  ),
  delete: UNINSTALL,
  destroy: UNINSTALL,
  down: UNINSTALL,
  remove: UNINSTALL,
  diff: said("What install would change is shown by", sh`kn-bootstrap plan`),
  template: said("The objects that install would apply are printed by", sh`kn-bootstrap render`),
  describe: STATUS,
  get: STATUS,
  list: STATUS,
  ls: STATUS,
  check: DOCTOR,
  debug: DOCTOR,
  diagnose: DOCTOR,
};

const OWN_CLUSTER = said(
  "A rehearsal brings its own cluster. What would change at another one is shown by",
  sh`kn-bootstrap plan --context NAME`,
);

/** Options of ours that mean nothing to one of our commands. */
const POINTLESS: Readonly<Record<string, Remedy>> = {
  "rehearse --kubeconfig": OWN_CLUSTER,
  "rehearse --context": OWN_CLUSTER,
};

/** What somebody is to be told who writes an option of ours where it does nothing. */
export const optionForNothing = (command: string, flag: string): Remedy | undefined => POINTLESS[`${command} ${flag}`];
/** What somebody is to be told who writes an option as it is called elsewhere. */
export const optionElsewhere = (flag: string): Remedy | undefined => OPTIONS[flag];
/** The same of a command. */
export const commandElsewhere = (word: string): Remedy | undefined =>
  Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
