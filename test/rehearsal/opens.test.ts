import { expect, it } from "vitest";
import { notForwarded } from "../../src/app/logs/open.ts";
import { uiBehind } from "../../src/checks/logging/uis.ts";
import { openedPorts, urlAt } from "../../src/ingress/address.ts";
import { PortClosed } from "../../src/ports/pod-ports.ts";

const KEPT = new Map([
  [80, 23212],
  [443, 23213],
]);

it.each([
  ["https://a.example.com", { http: 80, https: 443 }, KEPT, "https://a.example.com:23213"],
  ["http://a.example.com", { http: 80, https: 443 }, KEPT, "http://a.example.com:23212"],
  ["https://a.example.com", { http: 80, https: 443 }, undefined, "https://a.example.com"],
  ["https://a.example.com", { http: 31080, https: 31443 }, KEPT, "https://a.example.com:31443"],
  ["https://a.example.com", undefined, KEPT, "https://a.example.com"],
])("%s with the ports %j opens where the gateway listens here", (url, ports, opensAt, opened) => {
  expect(urlAt(url, openedPorts(ports, opensAt))).toBe(opened);
});

it("a UI for logs that does not answer is none in a rehearsal, and one whose log says more elsewhere", () => {
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "kibana", namespace: "kube-logging" },
    spec: { selector: { app: "kibana" } },
  };
  const ui = uiBehind(service) ?? expect.fail();
  const found = { ui, service, namespace: "kube-logging", scheme: "http" } as const;
  const closed = new PortClosed({ namespace: "kube-logging", pod: "kibana-1", port: 5601 }, "refused");
  expect(notForwarded(closed, found, "rehearsal-1")).toMatchObject({
    id: "logs.rehearsed",
    message: expect.stringContaining("no Kibana to open in rehearsal-1"),
  });
  expect(notForwarded(closed, found)).toMatchObject({ id: "logs.port" });
});
