import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { complete, type Written } from "../../src/config/complete.ts";
import { imagesOf } from "../../src/releases/images.ts";
import { filebeatYaml, policyJson } from "../../src/steps/logging/filebeat.ts";
import { fluentBitYaml } from "../../src/steps/logging/fluent-bit.ts";
import { manifestsOf } from "../../src/steps/logging/objects.ts";

const configOf = (written: Written) => complete(written, { env: {}, terminal: false });
const variable = (name: string): string => `\${${name}}`;
const nothing = { password: false, token: false, ca: false };
const OUTPUTS: readonly (readonly [Written, typeof nothing, Readonly<Record<string, unknown>>])[] = [
  [{ logging: "fluent-bit" }, nothing, { name: "stdout", format: "json_lines" }],
  [
    { logging: "fluent-bit", loggingOutput: "elasticsearch", loggingUrl: "https://es.example.com/logs" },
    { ...nothing, password: true, ca: true },
    {
      name: "es",
      host: "es.example.com",
      port: 443,
      path: "/logs",
      tls: "on",
      http_passwd: variable("LOGGING_PASSWORD"),
    },
  ],
  [
    { logging: "fluent-bit", loggingOutput: "opensearch", loggingUrl: "http://os.search.svc:9200" },
    nothing,
    { name: "opensearch", port: 9200, tls: "off" },
  ],
  [
    { logging: "fluent-bit", loggingOutput: "loki", loggingUrl: "http://[::1]:3100" },
    { ...nothing, token: true },
    { name: "loki", host: "::1", bearer_token: variable("LOGGING_TOKEN") },
  ],
  [
    { logging: "fluent-bit", loggingOutput: "http", loggingUrl: "https://a.example.com", loggingCollect: "requests" },
    { ...nothing, token: true },
    { name: "http", uri: "/", header: `Authorization Bearer ${variable("LOGGING_TOKEN")}` },
  ],
];

describe("the configuration of Fluent Bit", () => {
  it.each(OUTPUTS)("for %j reads CRI logs, keeps its place and its buffers on disk", (written, held, wanted) => {
    const config = load(fluentBitYaml(configOf(written), held)) as {
      service: Record<string, unknown>;
      pipeline: { inputs: Record<string, unknown>[]; outputs: Record<string, unknown>[] };
    };
    const [input] = config.pipeline.inputs;
    expect(input).toMatchObject({
      "multiline.parser": "docker, cri",
      "storage.type": "filesystem",
      db: expect.anything(),
    });
    expect(config.service["storage.path"]).toMatch(/^\/var\/lib\/fluent-bit/);
    const [output] = config.pipeline.outputs;
    if (written.loggingOutput) expect(output).toMatchObject({ retry_limit: "no_limits" });
    expect(output).toMatchObject(wanted);
  });

  it("is taken by Fluent Bit itself, where there is one", async () => {
    const run = promisify(execFile);
    const folder = mkdtempSync(join(tmpdir(), "kn-bootstrap-fluent-bit-"));
    for (const [written, held] of OUTPUTS) {
      const file = join(folder, "fluent-bit.yaml");
      const text = fluentBitYaml(configOf(written), held).replaceAll("/var/lib/fluent-bit", folder);
      writeFileSync(file, text);
      try {
        await run("fluent-bit", ["--dry-run", "--config", file]);
      } catch (error) {
        if ((error as { code?: unknown }).code !== "ENOENT") throw error;
        process.stderr.write("skipped: no fluent-bit on PATH\n");
        return;
      }
    }
  });
});

describe("the configuration of Filebeat", () => {
  it("reads small files too, and only what is asked", () => {
    const config = load(filebeatYaml(configOf({ logging: "elasticsearch", loggingCollect: "requests" }))) as Record<
      string,
      unknown
    >;
    const text = JSON.stringify(config);
    expect(text).toContain('"fingerprint":{"enabled":true,"length":64}');
    expect(text).toContain("*_queue-proxy-*.log");
    expect(text).not.toContain("drop_event");
    expect(filebeatYaml(configOf({ logging: "elasticsearch" }))).toContain("drop_event");
    expect(policyJson({ loggingRetention: "30" })).toContain('"min_age": "30d"');
  });
});

describe("the manifests", () => {
  it("name each image once, Elastic's all of one version", async () => {
    const images = imagesOf([...(await manifestsOf("elasticsearch")), ...(await manifestsOf("fluent-bit"))]);
    expect(images).toHaveLength(4);
    const tags = images.filter((image) => image.startsWith("docker.elastic.co/")).map((image) => image.split(":")[1]);
    expect(new Set(tags).size).toBe(1);
  });
});
