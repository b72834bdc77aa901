import { describe, expect, it } from "vitest";
import { pullProblem } from "../../src/checks/pull.ts";
import { denialOf } from "../../src/kube/denial.ts";
import { deletionState } from "../../src/kube/holders.ts";
import { webhookFailure } from "../../src/kube/webhook-failure.ts";
import type { KubeObject } from "../../src/ports/object.ts";

/** Words of real servers, kubelets and container runtimes, and what we make of them. */

const IMAGE =
  "gcr.io/knative-releases/knative.dev/serving/cmd/activator@sha256:4290000000000000000000000000000000000000000000000000000000000401";
const HUB = "library/nope:latest";

describe("a pull that failed", () => {
  const resolving = (image: string, why: string): string =>
    `rpc error: code = Unknown desc = failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${why}`;
  it.each([
    [
      IMAGE,
      resolving(
        IMAGE,
        "failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://gcr.io/v2/token?scope=x: 401 Unauthorized",
      ),
      "401 from gcr.io",
      true,
    ],
    [
      IMAGE,
      resolving(IMAGE, "unexpected status from HEAD request to https://gcr.io/v2/x/manifests/y: 403 Forbidden"),
      "403 from gcr.io",
      true,
    ],
    [HUB, resolving(`docker.io/${HUB}`, `docker.io/${HUB}: not found`), "404 from docker.io (manifest unknown)", true],
    [
      HUB,
      resolving(
        `docker.io/${HUB}`,
        "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
      ),
      "access denied by docker.io",
      true,
    ],
    [
      "quay.io/x/y:1",
      "initializing source docker://quay.io/x/y:1: reading manifest 1 in quay.io/x/y: manifest unknown",
      "404 from quay.io (manifest unknown)",
      true,
    ],
    [
      "localhost:5001/x",
      "initializing source docker://localhost:5001/x: reading manifest: unauthorized: authentication required",
      "401 from localhost:5001",
      true,
    ],
    [
      HUB,
      "Error response from daemon: toomanyrequests: You have reached your pull rate limit.",
      "429 from docker.io (too many pulls)",
      false,
    ],
    [
      HUB,
      "failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/x: 429 Too Many Requests - Server message: toomanyrequests",
      "429 from docker.io (too many pulls)",
      false,
    ],
    [
      IMAGE,
      resolving(IMAGE, "unexpected status from HEAD request to https://gcr.io/v2/x: 503 Service Unavailable"),
      "503 from gcr.io",
      false,
    ],
    [
      IMAGE,
      resolving(
        IMAGE,
        'failed to do request: Head "https://gcr.io/v2/x": dial tcp: lookup gcr.io on 10.96.0.10:53: no such host',
      ),
      "dial tcp: lookup gcr.io on 10.96.0.10:53: no such host",
      false,
    ],
    [
      IMAGE,
      resolving(IMAGE, 'failed to do request: Head "https://gcr.io/v2/x": dial tcp 142.250.1.82:443: i/o timeout'),
      "dial tcp 142.250.1.82:443: i/o timeout",
      false,
    ],
  ])("%#", (image, message, summary, refused) => {
    expect(pullProblem(image, message)).toMatchObject({ summary, refused });
  });
});

describe("an object that is refused", () => {
  it.each([
    [
      'pods "a-1" is forbidden: exceeded quota: compute, requested: requests.cpu=300m, used: requests.cpu=0, limited: requests.cpu=100m',
      "exceeded quota: compute, requested: requests.cpu=300m, used: requests.cpu=0, limited: requests.cpu=100m",
    ],
    [
      'admission webhook "validation.gatekeeper.sh" denied the request: [labels] you must provide labels: {"team"}',
      'admission webhook "validation.gatekeeper.sh" denied the request: [labels] you must provide labels: {"team"}',
    ],
    [
      "pods \"a-1\" is forbidden: ValidatingAdmissionPolicy 'demo' with binding 'all' denied request: no",
      "ValidatingAdmissionPolicy 'demo' with binding 'all' denied request: no",
    ],
    [
      'pods "a-1" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
      'violates PodSecurity "restricted:latest": runAsNonRoot != true',
    ],
    [
      'pods "a-1" is forbidden: [maximum cpu usage per Container is 100m, but limit is 300m]',
      "maximum cpu usage per Container is 100m, but limit is 300m]",
    ],
    ['pods "a-1" is forbidden: error looking up service account x/y: serviceaccount "y" not found', undefined],
    ['configmaps "x" is forbidden: User "eve" cannot create resource "configmaps"', undefined],
  ])("%#", (message, said) => {
    expect(denialOf(message, "x")?.message).toBe(said);
  });
});

describe("a webhook that cannot be called", () => {
  const call = (why: string): string =>
    `Internal error occurred: failed calling webhook "config.webhook.serving.knative.dev": failed to call webhook: Post "https://webhook.knative-serving.svc:443/config-validation?timeout=10s": ${why}`;
  it.each([
    ['no endpoints available for service "webhook"', "no pod behind it is ready", /pods/],
    [
      "tls: failed to verify certificate: x509: certificate signed by unknown authority",
      "x509: certificate signed by unknown authority",
      /caBundle/,
    ],
    [
      "context deadline exceeded",
      "context deadline exceeded; the API server does not reach it",
      /firewall.*pod network.*proxy/,
    ],
    [
      "dial tcp 10.0.0.7:8443: connect: connection refused",
      "dial tcp 10.0.0.7:8443: connect: connection refused; the API server does not reach it",
      /firewall/,
    ],
    ["EOF", "EOF; the API server does not reach it", /firewall/],
  ])("%s", (why, said, remedy) => {
    const failure = webhookFailure(call(why));
    expect(failure?.reason).toBe(
      `the webhook config.webhook.serving.knative.dev (Service knative-serving/webhook) cannot be called: ${said}`,
    );
    expect(failure?.remedy.text).toMatch(remedy);
  });
  it("because its Service does not exist", () => {
    expect(webhookFailure(call('service "webhook" not found'))).toMatchObject({
      reason:
        "the webhook config.webhook.serving.knative.dev cannot be called: Service knative-serving/webhook does not exist",
      remedy: { command: expect.stringContaining("grep config.webhook.serving.knative.dev") },
      absent: { namespace: "knative-serving", name: "webhook" },
    });
  });
  it("is told from other errors of a server", () => {
    expect(webhookFailure("etcdserver: leader changed")).toBeUndefined();
  });
});

describe("what holds an object that is going away", () => {
  const namespace = (...conditions: readonly object[]): KubeObject => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "ns" },
    status: { conditions },
  });
  const condition = (type: string, message: string, status = "True") => ({ type, status, message });
  it("its own finalizers", () => {
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "s", finalizers: ["service.kubernetes.io/load-balancer-cleanup"] },
    };
    expect(deletionState(service)).toBe(": held by finalizer service.kubernetes.io/load-balancer-cleanup");
  });
  it("what a namespace says is left in it", () => {
    expect(
      deletionState(
        namespace(
          condition("NamespaceDeletionDiscoveryFailure", "All resources successfully discovered", "False"),
          condition(
            "NamespaceContentRemaining",
            "Some resources are remaining: certificates.networking.internal.knative.dev has 2 resource instances, pods. has 1 resource instances",
          ),
          condition(
            "NamespaceFinalizersRemaining",
            "Some content in the namespace has finalizers remaining: example.com/a in 2 resource instances, example.com/b in 1 resource instances",
          ),
        ),
      ),
    ).toBe(
      ": 2 certificates.networking.internal.knative.dev, 1 pods left in it; held by finalizer example.com/a, example.com/b",
    );
  });
  it("an aggregated API that is down", () => {
    const message =
      "Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: metrics.k8s.io/v1beta1: stale GroupVersion discovery: metrics.k8s.io/v1beta1";
    expect(deletionState(namespace(condition("NamespaceDeletionDiscoveryFailure", message)))).toBe(`: ${message}`);
  });
});
