/** The forms in which the server stores what it is sent. */

import { describe, expect, test } from "vitest";
import { builtin } from "../../src/sandbox/api/schema/builtin.ts";
import { DecodeFailure, decode } from "../../src/sandbox/api/schema/decode.ts";
import { canonicalQuantity } from "../../src/sandbox/api/schema/quantity.ts";

describe("quantities", () => {
  test.each([
    ["1000m", "1"],
    ["0.5", "500m"],
    [1, "1"],
    ["1.5Gi", "1536Mi"],
    ["1024Ki", "1Mi"],
    ["1000Ki", "1000Ki"],
    ["0.5Gi", "512Mi"],
    ["1000", "1k"],
    ["1e3", "1e3"],
    ["100M", "100M"],
    ["0", "0"],
    ["-500m", "-500m"],
  ])("%s is stored as %s", (sent, stored) => {
    expect(canonicalQuantity(sent)).toBe(stored);
  });

  test.each(["", "abc", "1x", true])("%s is none", (sent) => {
    expect(canonicalQuantity(sent)).toBeUndefined();
  });
});

describe("decoding a built-in kind", () => {
  test("drops what is empty and what the kind does not have, and names the latter", () => {
    const unknown: string[] = [];
    const sent = { metadata: { name: "a", labels: {}, odd: 1 }, data: { k: "" }, binaryData: {}, immutable: null };
    expect(decode(builtin("V1ConfigMap"), sent, unknown)).toEqual({ metadata: { name: "a" }, data: { k: "" } });
    expect(unknown).toEqual(["metadata.odd"]);
  });

  test("says in Go's words what does not fit", () => {
    const sent = { spec: { replicas: "three" } };
    expect(() => decode(builtin("V1Deployment"), sent, [])).toThrow(
      new DecodeFailure(
        "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
      ),
    );
  });
});
