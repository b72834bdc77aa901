import { expect, it } from "vitest";
import { selects } from "../../src/kube/snapshot.ts";

it.each([
  [undefined, true],
  ["app=web", true],
  ["app=other", false],
  ["tier", true],
  ["none", false],
  ["app=web,tier=front", true],
  ["app=web,none", false],
  ["app in (web,other)", true],
  ["app in (a,b)", false],
  ["tier,app in (a,web),tier=front", true],
  ["app in (a,web),none", false],
])("a snapshot chooses by labels as the server does: %s", (selector, isChosen) => {
  expect(selects(selector, { app: "web", tier: "front" })).toBe(isChosen);
});
