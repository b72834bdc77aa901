import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { patientSeconds } from "../patience.ts";
import { ACME, ended, giveCredentials, HOME, IMAGE, openScene, type Scene } from "./scene.ts";

const cronJob = { apiVersion: "batch/v1", kind: "CronJob", namespace: HOME, name: "renew" };

describe("renew --install-cronjob", () => {
  let scene: Scene;
  const install = (...args: string[]) => scene.run("renew", "--install-cronjob", "--yes", ...args);
  const jobs = () => scene.world.api.list("batch/v1", "Job", HOME);
  /** Of a run that must leave neither the CronJob nor the Job behind. */
  const left = (code: number) => ({ code, cronJob: scene.world.api.get(cronJob), jobs: jobs().length });
  const NOTHING = { code: 1, cronJob: undefined, jobs: 0 };
  const words = (text: string): string => text.replaceAll(/\s+/g, " ");
  let refusal: string | undefined;

  beforeAll(async () => {
    scene = await openScene(ACME, { pull: (image) => (image === IMAGE ? refusal : undefined) });
    await giveCredentials(scene, "aws", scene.internet.env);
  });
  afterAll(() => scene.close());

  it("is what the installation's last screen points to, as nobody renews", () => {
    expect(words(scene.installed.stdout)).toMatch(
      /Nobody renews the certificate: it is due on \d{4}-\d\d-\d\d and ends on \d{4}-\d\d-\d\d\. Let a CronJob do it \(IMAGE: this program in a registry, by its Dockerfile; docs\/renewal\.md\): kn-bootstrap renew --install-cronjob --image IMAGE --credentials-secret renew-credentials/,
    );
  });

  it.each([
    ["an image", [], /needs --image/],
    ["a credential", ["--image", IMAGE], /no way to Amazon Route 53/],
    [
      "a Secret that exists",
      ["--image", IMAGE, "--credentials-secret", "absent"],
      /Secret kn-bootstrap\/absent does not exist/,
    ],
    ["an ARN", ["--image", IMAGE, "--role-arn", "admin"], /no ARN/],
    ["one thing at a time", ["--image", IMAGE, "--remove-cronjob"], /does not go with/],
  ])("wants %s before it changes anything", async (_what, args, said) => {
    const { code, stderr } = await install(...args);
    expect({ code, stderr: words(stderr) }).toEqual({ code: 2, stderr: expect.stringMatching(said) });
    expect(scene.world.api.get(cronJob)).toBeUndefined();
  });

  it("names the keys that the Secret lacks", async () => {
    await giveCredentials(scene, "half", { AWS_ACCESS_KEY_ID: "x" });
    const { code, stderr } = await install("--image", IMAGE, "--credentials-secret", "half");
    expect(code).toBe(2);
    expect(words(stderr)).toContain("Secret kn-bootstrap/half lacks AWS_SECRET_ACCESS_KEY.");
  });

  it("says that the image cannot be pulled, and leaves no CronJob and no Job", async () => {
    refusal = "rpc error: code = NotFound desc = failed to resolve reference: not found: manifest unknown";
    const { code, stderr } = await install("--image", IMAGE, "--credentials-secret", "aws");
    refusal = undefined;
    expect(left(code)).toEqual(NOTHING);
    expect(words(stderr)).toMatch(
      /ImagePullBackOff: 404 from registry\.example\.com .*Give an --image that the nodes can pull/,
    );
  });

  it("says in the program's own words what the credentials do not allow", async () => {
    const allow = scene.internet.route53.deny("ListResourceRecordSets");
    const { code, stderr } = await install("--image", IMAGE, "--credentials-secret", "aws");
    allow();
    expect(left(code)).toEqual(NOTHING);
    expect(words(stderr)).toMatch(/the check failed inside the cluster: .*route53:ListResourceRecordSets/);
  });

  it("says that the Secret has gone meanwhile", async () => {
    await giveCredentials(scene, "fleeting", scene.internet.env);
    scene.before = async ({ method, path, query }) => {
      if (method !== "PATCH" || query?.dryRun || !path.endsWith("/jobs/renew-check")) return;
      await scene.world.api.remove({ apiVersion: "v1", kind: "Secret", namespace: HOME, name: "fleeting" });
    };
    const { code, stderr } = await install(
      "--image",
      IMAGE,
      "--credentials-secret",
      "fleeting",
      "--timeout",
      patientSeconds(2),
    );
    scene.before = () => {};
    expect(left(code)).toEqual(NOTHING);
    expect(words(stderr)).toContain('CreateContainerConfigError: secret "fleeting" not found');
  });

  it("finds out whether a renewal would work, for whoever asks", async () => {
    const well = await scene.run("renew", "--check");
    expect(well.code, well.stderr).toBe(0);
    const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _key, ...without } = scene.internet.env;
    const stranger = await scene.asAccount(["renew", "--check"], without);
    expect(stranger.code).toBe(3);
    expect(words(stranger.stderr)).toMatch(/system:serviceaccount:kn-bootstrap:renew|AWS credentials/);
  });

  it("installs it after a Job has seen, with its account and credentials, that it would work", async () => {
    const before = scene.ran.length;
    const outcome = await install("--image", IMAGE, "--credentials-secret", "aws");
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(scene.ran.slice(before).map(({ args, outcome: { code } }) => [args.join(" "), code])).toEqual([
      ["renew --check -o json", 0],
    ]);
    expect(scene.ran[before]?.outcome.events.filter(({ type }) => type === "check").map(({ id }) => id)).toEqual([
      "renew.certificate",
      "renew.zone",
      "renew.write",
      "renew.caa",
      "renew.authority",
      "renew.secret",
    ]);
    expect(jobs()).toEqual([]);
    expect(scene.world.api.get(cronJob)?.spec).toMatchObject({
      schedule: expect.stringMatching(/^\d+ \d+ \* \* \*$/),
      concurrencyPolicy: "Forbid",
    });
  });

  it("has nothing to do the second time, and no Job is made", async () => {
    const before = scene.ran.length;
    const outcome = await install("--image", IMAGE, "--credentials-secret", "aws");
    expect([outcome.code, outcome.stats.writes, scene.ran.length - before], outcome.stdout).toEqual([0, 0, 0]);
  });

  it("renews in its pod when the CA asks for it, and not before", async () => {
    const before = scene.secret()?.serial ?? "";
    expect(await ended(scene, await scene.world.runCronJob(HOME, "renew")), scene.ran.at(-1)?.outcome.stderr).toBe(
      "Complete",
    );
    expect(scene.secret()?.serial).toBe(before);
    scene.internet.acme.moveRenewal(before);
    expect(await ended(scene, await scene.world.runCronJob(HOME, "renew"))).toBe("Complete");
    const last = scene.ran.at(-1)?.outcome;
    expect(last?.code, last?.stderr).toBe(0);
    expect(scene.secret()?.serial).not.toBe(before);
    expect(scene.internet.acme.orders().at(-1)?.replaces).toBeDefined();
    expect(last?.stdout + (last?.stderr ?? "")).not.toContain(scene.internet.env.RFC2136_TSIG_SECRET);
  });

  it("says in status who renews, and when it last did", async () => {
    const { stdout } = await scene.run("status");
    expect(words(stdout)).toMatch(
      /Renewal CronJob kn-bootstrap\/renew, daily at \d\d:\d\d UTC, last done \d{4}-.* UTC; due \d{4}-/,
    );
  });

  it("goes with uninstall, and its account and rights with it", async () => {
    const outcome = await scene.run("uninstall", "--yes", "--keep-records");
    expect(outcome.code, outcome.stderr).toBe(0);
    const left = [
      ["batch/v1", "CronJob"],
      ["batch/v1", "Job"],
      ["rbac.authorization.k8s.io/v1", "Role"],
      ["rbac.authorization.k8s.io/v1", "RoleBinding"],
      ["rbac.authorization.k8s.io/v1", "ClusterRole"],
      ["rbac.authorization.k8s.io/v1", "ClusterRoleBinding"],
      ["v1", "ServiceAccount"],
    ].flatMap(([apiVersion = "", kind = ""]) =>
      scene.world.api.list(apiVersion, kind).filter(({ metadata }) => metadata.labels?.["kn-bootstrap/step"]),
    );
    expect(left).toEqual([]);
  });
});

it("comes by every two hours for a short-lived certificate, and status says so", async () => {
  const scene = await openScene([...ACME, "--acme-profile", "shortlived"]);
  try {
    await giveCredentials(scene, "aws", scene.internet.env);
    const args = ["--install-cronjob", "--yes", "--image", IMAGE, "--credentials-secret", "aws"];
    const outcome = await scene.run("renew", ...args);
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(scene.world.api.get(cronJob)?.spec.schedule).toMatch(/^\d+ \*\/2 \* \* \*$/);
    expect((await scene.run("status")).stdout).toMatch(/CronJob\s+kn-bootstrap\/renew,\s+every\s+2\s+hours/);
  } finally {
    await scene.close();
  }
});
