import { type Errors, failed, input } from "./row.ts";

/** What is read of the pods of Services. */
export const logs: Errors = {
  "logs.knative": input("There is no Knative Serving in this cluster.", "", "Choose another --context, or install it."),
  "logs.off": failed(
    "Request logs are off.",
    "A line for each request is written only where that is switched on.",
    "Switch them on; all revisions get new pods for that.",
  ),
  "logs.rights": input(
    "The account may not read the logs of pods.",
    "It takes list on pods and get on pods/log.",
    "Name a namespace in which it may, or have them granted.",
  ),
  "logs.service": input(
    "There is no such Knative Service.",
    "",
    "See which there are: kn-bootstrap status --services.",
  ),
};
