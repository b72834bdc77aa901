/** What a controller of an ingress says of a probe that did not get through (knative.dev/networking pkg/status/status.go). */
export interface FailedProbe {
  /** `https://hello.default.example.com:443`, with the path that some of them add. */
  readonly url: string;
  readonly host: string;
  /** Of a pod of the gateway, with its port; IPv6 in brackets. */
  readonly at: string;
  /** Its own words. */
  readonly error: string;
}

const LINE =
  /Probing of (https?:\/\/([^\s/:"]+)\S*) failed, IP: (\S+), ready: false, error: (.*?)(?: \(depth: \d+\)|"|$)/;

/** In the order in which they were written. */
export const failedProbes = (log: string): readonly FailedProbe[] =>
  log.split("\n").flatMap((line) => {
    // A line is JSON, whose quotes are escaped.
    const [, url, host, at, error] = LINE.exec(line.replaceAll('\\"', "'")) ?? [];
    return url && host && at && error !== undefined ? [{ url, host, at, error }] : [];
  });

/** What an error means, and what to look at. The first that matches counts. */
const MEANINGS: readonly (readonly [words: RegExp, means: string, todo: string])[] = [
  [
    /got 404/,
    "the gateway's pod does not know the host",
    "It has not been told of the Route, or a filter answers in its place: look at the gateway's log, and let requests to /healthz with the header K-Network-Probe through.",
  ],
  [
    /got 503/,
    "the gateway's pod finds nobody behind it",
    "A policy asks for mutual TLS there, or the activator does not answer: look at PeerAuthentications and at the activator.",
  ],
  [
    /unexpected hash/,
    "the gateway's pod still has an earlier configuration",
    "It is cut off from what tells it of Routes: look at its log, and make it anew.",
  ],
  [
    /connection refused/,
    "nothing listens at that port of the pod",
    "Look at the gateway's pods, and whether the Service before them is the one that is meant.",
  ],
  [
    /EOF|handshake|tls:|x509|reset by peer/i,
    "the pod closes the connection before it has answered",
    "No server there has a certificate for that host, or it waits for something else than TLS: look at the Secret and the hosts on port 443.",
  ],
  [
    /deadline exceeded|timeout/i,
    "the pod does not answer within a second",
    "A NetworkPolicy or a firewall keeps the controller from it, or it has too little processor.",
  ],
];

export const meaningOf = (error: string): { readonly means: string; readonly todo: string } => {
  const [, means, todo] = MEANINGS.find(([words]) => words.test(error)) ?? [];
  return { means: means ?? "the probe fails", todo: todo ?? "Look at the gateway's pods." };
};
