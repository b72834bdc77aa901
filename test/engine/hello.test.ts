import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kn, type Stage, stage } from "./cli.ts";

const CHOSEN = ["--tls", "self-signed", "--address", "127.0.0.1", "--yes"];

describe("the Service that --keep-hello leaves", () => {
  let world: Awaited<ReturnType<typeof stage>>;
  let there: Stage;
  beforeAll(async () => {
    world = await stage();
    there = { kubeconfig: world.kubeconfig, standIns: true, connectTo: world.connectTo };
  });
  afterAll(() => world.close());

  it("is in the plan, its URL in the ending, stays in the next run, and goes when it is taken back or all is", async () => {
    const none = await kn(there, ["status", "--open"]);
    expect(none.stderr).toContain("There is nothing to open: install --keep-hello leaves a Service");

    const first = await kn(there, ["install", ...CHOSEN, "--keep-hello", "--open"]);
    expect(first.code, first.stderr).toBe(0);
    const all = first.stderr + first.stdout;
    expect(all).toMatch(/Leave a Service for looking at\n {2}\+ Service default\/hello/);
    expect(all).toContain("The Service hello answers at https://hello-default.127.0.0.1.sslip.io.");
    expect(all).toMatch(/There is no desktop here to open it on:\s+(\S* +)?https:\/\/hello-default/);
    expect(all).toContain("kn service create first -n default");

    const second = await kn(there, ["install", ...CHOSEN]);
    expect(second.code, second.stderr).toBe(0);
    expect(second.stderr + second.stdout).toContain("Nothing to do");

    const services = await kn(there, ["status", "--services"]);
    expect(services.stdout).toContain("https://hello-default.127.0.0.1.sslip.io");

    const back = await kn(there, ["install", ...CHOSEN, "--no-keep-hello"]);
    expect(back.code, back.stderr).toBe(0);
    expect(back.stderr + back.stdout).toMatch(/- Service default\/hello/);

    expect((await kn(there, ["install", ...CHOSEN, "--keep-hello"])).code).toBe(0);
    const gone = await kn(there, ["uninstall", "--yes"]);
    expect(gone.code, gone.stderr).toBe(0);
    expect(gone.stderr + gone.stdout).toMatch(/Remove the Service for looking at/);
  });
});
