import { type Errors, either, failed, input } from "./row.ts";

const correct = "Correct it in the kubeconfig, or write it again with your provider's tool.";
const login = "Log in again with your provider's tool, then see that kubectl version works.";
const again = "Run the same command again and look at the new plan; what is done is kept.";

/** The kubeconfig, the connection, rights, and what others do to the cluster meanwhile. */
export const cluster: Errors = {
  "apply.appeared": failed(
    "An object was made by somebody else after the plan was shown.",
    "Two installers at once, or a GitOps controller, would overwrite each other.",
    "Look at who made it, then run again: the new plan shows it.",
  ),
  "apply.conflict": failed(
    "An object has fields that somebody else owns.",
    "Nothing is forced.",
    "Run again to see them in the plan; --take-ownership takes them.",
  ),
  "apply.refused": failed(
    "The server refused a write.",
    "A quota, an admission policy, a webhook or a missing right; the message says which.",
    "Mend what it says and run the same command again; what is done is kept.",
  ),
  "apply.zone-moved": failed(
    "The records of a zone changed after the plan was shown.",
    "Nothing of the batch was written.",
    "Look at who writes them, then run again: the new plan shows them as they are.",
  ),
  "cluster.broken-answer": either("input", "failed")(
    "What answered is not the API server.",
    "Something else answers in its place: a proxy, a load balancer, a login page. Nothing can be concluded from that.",
    "Check --context and --kubeconfig, and what lies between here and the cluster.",
  ),
  "cluster.capacity": either("unseen")(
    "Whether the cluster has room for Knative could not be found out.",
    "",
    "Give the account the right to read nodes and pods, or leave the check out with --skip-checks cluster.capacity.",
  ),
  "cluster.escalation": failed(
    "The server would not let this account give Knative's controllers what they need.",
    "Escalation prevention: nobody gives away rights that they do not have.",
    "Ask an administrator to install, or to lend the account cluster-admin.",
  ),
  "cluster.refused": failed(
    "The cluster refused a request.",
    "The message says what it answered.",
    "Mend what it says and run the same command again; with 401, log in again.",
  ),
  "cluster.rights": failed(
    "The account lacks rights.",
    "They are asked for before the first write.",
    "Ask an administrator to create the ClusterRole that the message prints.",
  ),
  "cluster.unreachable": either("input", "failed")(
    "The cluster does not answer.",
    "",
    "Check --context and --kubeconfig, and whether this machine can reach it.",
  ),
  "cluster.version": either("input", "unseen")(
    "The server is too old for this Knative, or its version cannot be told.",
    "",
    "Upgrade the cluster, or choose an older --knative-version.",
  ),
  "ingress.unknown": input("There is no such ingress.", "", "Choose one of those that the message names."),
  "ingress.version": input(
    "No version of the ingress is known that goes with this Knative.",
    "",
    "Take another ingress, or a newer Knative.",
  ),
  "istio.gateway": input(
    "It cannot be told which gateway of the Istio in this cluster is meant, or there is none.",
    "Knative's names lead to one.",
    "Name its Service with --istio-gateway.",
  ),
  "istio.local-gateway": input(
    "A Service of somebody else's is in the place of the one by which names inside the cluster are reached, and leads elsewhere.",
    "",
    "Delete it, or let it lead to port 8081 of the gateway's pods.",
  ),
  "istio.owner": either("input", "unseen")(
    "The Istio that is in this cluster cannot be used, is not the one that was chosen, or it cannot be told.",
    "Two of them would write into each other's webhooks and gateways.",
    "Install with --ingress kourier.",
  ),
  "kourier.net-istio-webhook": either("input", "unseen")(
    "A webhook of net-istio is left, and nothing answers for it.",
    "It would refuse the Deployment of every new Revision.",
    "Delete it.",
  ),
  "knative.owner": either("input", "unseen")(
    "Something else keeps the Knative that is in this cluster.",
    "Both would overwrite each other.",
    "Go on with that tool, or take what is there with --take-ownership.",
  ),
  "kubeconfig.both": input(
    "The kubeconfig says the same thing twice, in ways that exclude each other.",
    "kubectl takes one of them, and nobody sees which.",
    correct,
  ),
  "kubeconfig.broken-context": input(
    "The context names a cluster or user that is not there.",
    "",
    "Correct the context, or choose another one with --context.",
  ),
  "kubeconfig.ca": input("The certificate authority of the cluster cannot be used.", "", correct),
  "kubeconfig.certificate": input("The client certificate and its key cannot be used.", "", correct),
  "kubeconfig.exec": input(
    "The credential plugin is described in a way that cannot be used.",
    "",
    "Write the kubeconfig again with a newer version of your provider's tool.",
  ),
  "kubeconfig.header": input(
    "The credentials cannot be sent in a header.",
    "They are too long, or no single line of text.",
    correct,
  ),
  "kubeconfig.impersonation": input(
    "It impersonates groups without a user.",
    "A group can only be impersonated together with a user.",
    correct,
  ),
  "kubeconfig.malformed": input("The kubeconfig cannot be understood.", "", correct),
  "kubeconfig.missing": input(
    "There is no kubeconfig.",
    "--kubeconfig, KUBECONFIG and ~/.kube/config were tried, in this order, then the service account of a pod.",
    "Name one with --kubeconfig, or try everything without a cluster: kn-bootstrap rehearse.",
  ),
  "kubeconfig.no-context": input("The kubeconfig does not say which context to use.", "", "Choose one with --context."),
  "kubeconfig.placeholder": input(
    "The kubeconfig holds a placeholder in place of a secret.",
    "kubectl config view prints it like that.",
    "Copy the file itself, or print it with kubectl config view --raw.",
  ),
  "kubeconfig.plain-text": input(
    "The server is reached without TLS, and the user has credentials.",
    "They would be sent for everybody on the way to read. Nothing was sent.",
    "Name the server by https, or go through a tunnel to this machine's own loopback.",
  ),
  "kubeconfig.plugin": failed("The credential plugin gave no credentials.", "", login),
  "kubeconfig.plugin-missing": input(
    "The credential plugin is not installed.",
    "The cluster's credentials come from it.",
    "Install it, then see that kubectl version works.",
  ),
  "kubeconfig.provider": either("failed", "input")(
    "The auth-provider of the kubeconfig gave no credentials.",
    "",
    login,
  ),
  "kubeconfig.proxy": input(
    "The proxy cannot be used.",
    "",
    "Correct it, or unset it if the cluster is reached without a proxy.",
  ),
  "kubeconfig.server": input("The cluster's server is no address that can be used.", "", correct),
  "kubeconfig.token": input("The file of the token is empty.", "", correct),
  "kubeconfig.unknown-context": input("There is no such context.", "", "Choose one of those that the message names."),
  "kubeconfig.unreadable": input(
    "A file of the kubeconfig cannot be read.",
    "",
    "Name a file that you may read, or restore it.",
  ),
  "lock.busy": failed(
    "Another installer is at work on this cluster.",
    "Two installers at once would undo each other's changes.",
    "Wait for it and run again.",
  ),
  "lock.gone": failed(
    "Somebody deleted the lock on this cluster.",
    "Without it, two installers could write at once; so this one stops.",
    "See that nobody else installs, then run the same command again; what is done is kept.",
  ),
  "lock.lost": failed(
    "Another installer has taken over.",
    "This one was paused or cut off for longer than its Lease lasts.",
    "Let the other one finish, then run the same command again.",
  ),
  "lock.namespace": failed(
    "Namespace kn-bootstrap is being deleted, and the lock with it.",
    "Without the lock, two installers could write at once.",
    "When it is gone, run the same command again.",
  ),
  "lock.stale": failed(
    "The lock could not be renewed, so nothing more is written.",
    "",
    "Check the connection and run the same command again; what is done is kept.",
  ),
  "plan.conflicts": failed(
    "The plan would change fields that somebody else owns.",
    "Nothing is forced that somebody else owns.",
    "Give the fields back, or take them with --take-ownership.",
  ),
  "run.left-behind": failed("A temporary object could not be removed.", "", "The next run removes it."),
  "run.timeout": failed(
    "Something was not ready in time.",
    "The message says what was waited for, and its last reason.",
    "Mend the reason and run the same command again; what is done is kept, and --timeout gives it longer.",
  ),
  "run.unagreed": failed(
    "The cluster changed after the plan was shown.",
    "Nothing is changed that was not shown.",
    again,
  ),
  "run.vanished": failed(
    "An object was removed by somebody else during the run.",
    "",
    "Run the same command again: it makes it anew.",
  ),
  "uninstall.workloads": input(
    "The cluster still runs what kn-bootstrap did not make.",
    "Removing Knative would delete it.",
    "Delete what nobody needs, and run uninstall again; --delete-workloads deletes all of it.",
  ),
};
