/** The forms in which the server stores what it is sent. */

import { describe, expect, test } from "vitest";
import { builtin } from "../../src/sandbox/api/schema/builtin.ts";
import { DecodeFailure, decode } from "../../src/sandbox/api/schema/decode.ts";
import { canonicalQuantity } from "../../src/sandbox/api/schema/quantity.ts";
import { NO_QUANTITIES, QUANTITIES, TOLERATED } from "../quantity-facts.ts";

describe("quantities", () => {
  test.each([...QUANTITIES, ...TOLERATED])("%j is stored as %s", (sent, stored, inResources) => {
    expect(canonicalQuantity(sent)).toBe(stored);
    expect(canonicalQuantity(sent, { inResources: true })).toBe(inResources);
  });

  test.each([...NO_QUANTITIES, true, null])("%j is none", (sent) => {
    expect(canonicalQuantity(sent)).toBeUndefined();
  });

  test("a list of resources knows thousandths, other quantities billionths", () => {
    const container = { name: "a", image: "a", resources: { limits: { cpu: "0.1m" } } };
    const volume = { name: "v", emptyDir: { sizeLimit: "0.1m" } };
    const sent = { metadata: { name: "a" }, spec: { containers: [container], volumes: [volume] } };
    expect(decode(builtin("V1Pod"), sent, [])).toMatchObject({
      spec: {
        containers: [{ resources: { limits: { cpu: "1m" } } }],
        volumes: [{ emptyDir: { sizeLimit: "100u" } }],
      },
    });
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
