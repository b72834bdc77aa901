import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Internet, startInternet } from "../../src/sandbox/internet.ts";
import { kn } from "../engine/cli.ts";

describe("iam-policy", () => {
  let internet: Internet;
  beforeAll(async () => {
    internet = await startInternet({ zones: ["example.com"] });
  });
  afterAll(() => internet.close());

  const policy = async (...args: string[]) => {
    const outcome = await kn({ kubeconfig: "/nowhere", internet }, ["iam-policy", ...args]);
    expect(outcome.code, outcome.stderr).toBe(0);
    return JSON.parse(outcome.stdout) as { Statement: { Sid: string; Resource: string; Condition?: object }[] };
  };
  const changing = ({ Statement }: Awaited<ReturnType<typeof policy>>) =>
    Statement.find(({ Sid }) => Sid === "ChangeTheseRecords");

  it("finds the zone and names exactly the records of the domain", async () => {
    const statement = changing(await policy("--domain", "apps.example.com"));
    expect(statement?.Resource).toBe(`arn:aws:route53:::hostedzone/${internet.zones[0]?.id}`);
    expect(JSON.stringify(statement?.Condition)).toContain(
      JSON.stringify(["\\052.apps.example.com", "_acme-challenge.apps.example.com", "_kn-bootstrap.apps.example.com"]),
    );
  });

  it("needs nobody at AWS when the zone's id is given", async () => {
    const asked = internet.route53.requests.length;
    const statement = changing(
      await policy(
        "--domain",
        "apps.example.com",
        "--dns-zone-id",
        "Z1",
        "--domain-template",
        "nested",
        "--namespaces",
        "shop",
      ),
    );
    expect(statement?.Resource).toBe("arn:aws:route53:::hostedzone/Z1");
    expect(JSON.stringify(statement?.Condition)).toContain("\\\\052.shop.apps.example.com");
    expect(internet.route53.requests.length).toBe(asked);
  });

  it("wants a domain", async () => {
    const { code, stderr } = await kn({ kubeconfig: "/nowhere", internet }, ["iam-policy"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/needs --domain/);
  });
});
