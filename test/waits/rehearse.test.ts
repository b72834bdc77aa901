import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { OPTIONS } from "../../src/config/options.ts";
import { FAULTS } from "../../src/sandbox/faults/index.ts";
import { shapes } from "../../src/sandbox/istio/shapes/index.ts";
import { patient } from "../patience.ts";
import { program } from "./scene.ts";

const rehearse = (...args: readonly string[]) => program(["rehearse", ...args]);

it("an unknown fault is answered with all there are, what they take and what they do", async () => {
  const outcome = await rehearse("--fault", "api-429:3,crash");
  expect(outcome.code).toBe(2);
  expect(outcome.stderr).toContain('There is no fault "crash".');
  for (const { name, parameter, summary } of FAULTS)
    expect(outcome.stderr).toMatch(
      new RegExp(`${name}\\[:${parameter.value}\\] +${summary.replaceAll(/[.()]/g, "\\$&")}`),
    );
});

it.each(["image-pull-401,api-away:soon", "quota:everything"])("%s is not what a fault takes", async (faults) => {
  const outcome = await rehearse("--fault", faults);
  expect(outcome.code).toBe(2);
  expect(outcome.stderr).toMatch(/does not take "(soon|everything)"/);
});

it("a fault of the CA needs one, and says how to get one", async () => {
  const outcome = await rehearse("--fault", "ca-servfail");
  expect(outcome.code).toBe(2);
  expect(outcome.stderr.replaceAll(/\s+/g, " ")).toContain(
    "The fault ca-servfail is felt by nobody: this rehearsal has no name servers and no CA. Rehearse with a domain whose records are written: kn-bootstrap rehearse --fault ca-servfail --domain apps.example.com --dns route53 --tls letsencrypt",
  );
});

it("a resolver that stays out of order is the rehearsal's own: no other is advised", async () => {
  const way = ["--domain", "apps.example.com", "--dns", "route53", "--tls", "letsencrypt", "--timeout", "1s"];
  const outcome = await rehearse("--fault", "resolver-servfail:600", ...way);
  expect(outcome.code).toBe(3);
  expect(outcome.stderr.replaceAll(/\s+/g, " ")).toMatch(
    /it answers SERVFAIL\. .*rehearsal's own.* kn-bootstrap rehearse $/,
  );
  expect(outcome.stderr).not.toContain("--dns-resolver");
});

it("a fault that passes is explained while it lasts, and the rehearsal goes on", async () => {
  const fault = `load-balancer-pending:${patient(1)}`;
  const outcome = await rehearse("--fault", fault);
  expect(outcome.code, outcome.stderr).toBe(0);
  const stderr = outcome.stderr.replaceAll(/\s+/g, " ");
  expect(stderr).toContain(`What goes wrong in it, as asked: ${fault}.`);
  expect(stderr).toContain("… address: LoadBalancer pending: no controller has claimed Service kourier-system/kourier");
});

it("goes on to a real cluster with the ingress that was rehearsed", async () => {
  const { said } = await rehearse("--ingress", "istio", "--tls", "none");
  const report = said.map(({ event }) => event).find(({ type }) => type === "report");
  expect(report).toMatchObject({
    next: [
      { command: expect.stringMatching(/ && kn-bootstrap install --expose nodeport --ingress istio$/) },
      { command: "kn-bootstrap plan --ingress istio" },
    ],
  });
});

it("docs/rehearsal.md names every fault as the registry does", async () => {
  const page = await readFile(new URL("../../docs/rehearsal.md", import.meta.url), "utf8");
  const rows = FAULTS.map(
    ({ name, parameter, summary }) =>
      `| \`${name}\` | ${parameter.value}, ${parameter.default || "all"} | ${summary} |`,
  );
  expect(page.split("\n").filter((line) => line.startsWith("| `"))).toEqual(rows);
});

it("begins with an Istio of somebody else, of each shape that there is", async () => {
  expect(OPTIONS.find(({ key }) => key === "existingIstio")?.choices).toEqual(shapes);
  const outcome = await rehearse("--ingress", "istio", "--tls", "none", "--existing-istio", "two-gateways");
  expect(outcome.code, outcome.stderr).toBe(2);
  expect(outcome.stderr.replaceAll(/\s+/g, " ")).toContain(
    "The Istio in this cluster has several gateways: edge/istio-internalgateway, istio-system/istio-ingressgateway.",
  );
});
