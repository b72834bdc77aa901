import { type Errors, failed, input } from "./row.ts";

/** What is read of the pods of Services. */
export const logs: Errors = {
  "logs.flags": input("An option does not go with logs open.", "It is about requests.", "Leave it out."),
  "logs.knative": input("There is no Knative Serving in this cluster.", "", "Choose another --context, or install it."),
  "logs.no-ui": input(
    "No UI for logs was found.",
    "It is known by the labels that charts and operators give to its Service.",
    "Look at the requests without one, or install one.",
  ),
  "logs.not-ready": failed("No pod of the UI is ready.", "", "See what they wait for."),
  "logs.off": failed(
    "Request logs are off.",
    "A line for each request is written only where that is switched on.",
    "Switch them on; all revisions get new pods for that.",
  ),
  "logs.port": failed("The pod of the UI does not answer at its port.", "", "See what its log says."),
  "logs.rehearsed": input(
    "A rehearsal has no UI for logs to open.",
    "Its pods run no images.",
    "Look at requests with kn-bootstrap logs requests.",
  ),
  "logs.rights": input(
    "The account may not read the logs of pods, or not reach their ports.",
    "It takes list on pods and get on pods/log; get and create on pods/portforward for logs open.",
    "Name a namespace in which it may, or have them granted.",
  ),
  "logs.since": input("--since 0 leaves nothing to show.", "", "Name a time such as 10m, or follow."),
  "logs.several": input("There are several UIs for logs.", "", "Choose one with --namespace and --service."),
  "logs.service": input(
    "There is no such Knative Service.",
    "",
    "See which there are: kn-bootstrap status --services.",
  ),
};
