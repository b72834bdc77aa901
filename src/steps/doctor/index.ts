import { part as partOf } from "../part.ts";
import { options } from "./options.ts";
import { status } from "./status.ts";
import { doctorRemoval } from "./step.ts";

/** The CronJob comes with `doctor --install-cronjob`; an uninstall takes it away before what it looks at. */
export const part = partOf({
  id: "doctor",
  options,
  status,
  removal: () => [doctorRemoval(false, "workloads")],
});
