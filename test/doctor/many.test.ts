import { expect, it } from "vitest";
import { text } from "../../src/cli/doctor/formats/text.ts";
import { diagnosisOf } from "./scene.ts";

it("tells of very many that follow from one cause the areas", async () => {
  const diagnosis = await diagnosisOf({ objects: [] });
  const look = { columns: 80, color: false, unicode: true };
  const said = text({ diagnosis, context: "scene", server: "x", at: "2026-11-30T12:00:00Z", verbose: false, look });
  const [, names = ""] = said.replaceAll(/\s+/g, " ").match(/Because of it: (\d+ checks of [\w, -]*?) More:/) ?? [];
  expect(names).toMatch(/^\d+ checks of knative, crds, serving, .*services/);
  expect(said.split("\n").length).toBeLessThan(30);
});
