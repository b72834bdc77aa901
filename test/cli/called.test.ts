import { describe, expect, it } from "vitest";
import { asCalled, calledHere, calledIn, howCalled, textAsCalled } from "../../src/cli/called.ts";
import { sh } from "../../src/ports/shell.ts";

const PROD = { kubeconfig: "/home/a b/config", context: "prod" };

describe("a command to copy works from where this one was called", () => {
  it.each([
    [{}, "kn-bootstrap plan"],
    [{ npm_command: "run", npm_package_name: "kn-bootstrap", npm_lifecycle_event: "dev" }, "npm run dev -- plan"],
    [
      { npm_command: "run-script", npm_package_name: "kn-bootstrap", npm_lifecycle_event: "dev" },
      "npm run dev -- plan",
    ],
    [
      { npm_command: "run-script", npm_package_name: "kn-bootstrap", npm_lifecycle_event: "rehearse" },
      "npm run dev -- plan",
    ],
    [{ npm_command: "exec", npm_lifecycle_event: "npx", npm_package_name: "theirs" }, "npx kn-bootstrap plan"],
    // Installed, and called by a script of another package.
    [{ npm_command: "run-script", npm_package_name: "theirs", npm_lifecycle_event: "deploy" }, "kn-bootstrap plan"],
  ])("%j: %s", (env, expected) => {
    expect(asCalled("kn-bootstrap plan", howCalled(env, {}))).toBe(expected);
  });

  it.each([
    ["kubectl get pods -n x", "kubectl --context prod get pods -n x"],
    ["kn service list", "kn --context prod service list"],
    [
      "kubectl get a && kubectl get b; kubectl get c | sort\nkubectl get d",
      "kubectl --context prod get a && kubectl --context prod get b; kubectl --context prod get c | sort\nkubectl --context prod get d",
    ],
    [
      "kn-bootstrap plan --tls none && kn-bootstrap status",
      "kn-bootstrap plan --context prod --tls none && kn-bootstrap status --context prod",
    ],
    ["kn-bootstrap", "kn-bootstrap"],
    ["kn-bootstrap --help", "kn-bootstrap --help"],
    ["kn-bootstrap iam-policy --domain a.b", "kn-bootstrap iam-policy --domain a.b"],
    // Words and names that only look like it.
    ["docker build kubectl .", "docker build kubectl ."],
    ["kubectl-ng get a", "kubectl-ng get a"],
    [
      'kubectl patch cm a -p \'{"a":"&& kubectl get b"}\'',
      'kubectl --context prod patch cm a -p \'{"a":"&& kubectl get b"}\'',
    ],
    ["kubectl --context dev get a", "kubectl --context dev get a"],
  ])("%s", (command, expected) => {
    expect(asCalled(command, howCalled({}, { context: "prod" }))).toBe(expected);
  });

  it("a file or a context with odd letters stays one word", () => {
    expect(asCalled("kubectl get a", howCalled({}, PROD))).toBe(
      "kubectl --kubeconfig '/home/a b/config' --context prod get a",
    );
    expect(asCalled("kubectl get a", howCalled({}, { context: "-x" }))).toBe("kubectl --context=-x get a");
    expect(asCalled("kubectl get a", howCalled({}, { context: "$&'" }))).toBe("kubectl --context '$&'\\''' get a");
  });

  it.each([
    [
      "nobody: run kn-bootstrap renew, or renew --install-cronjob",
      "nobody: run npm run dev -- renew, or renew --install-cronjob",
    ],
    ["`kn-bootstrap install` again.", "`npm run dev -- install` again."],
    ["The same:\n\nkn-bootstrap install --config a\n", "The same:\n\nnpm run dev -- install --config a\n"],
    // The namespace, the product, files.
    ["kubectl get jobs -n kn-bootstrap logs", "kubectl get jobs -n kn-bootstrap logs"],
    ["kn-bootstrap has installed nothing here", "kn-bootstrap has installed nothing here"],
    ["CronJob kn-bootstrap/renew; kn-bootstrap-root.crt", "CronJob kn-bootstrap/renew; kn-bootstrap-root.crt"],
    ["npx kn-bootstrap plan", "npx kn-bootstrap plan"],
  ])("in a sentence: %s", (text, expected) => {
    expect(textAsCalled(text, { program: "npm run dev --", cluster: [] })).toBe(expected);
    const data = { finding: { summary: text, why: text, remedy: { text } }, plan: [{ text: [text], data: text }] };
    expect(calledIn(data, { program: "npm run dev --", cluster: [] })).toEqual({
      finding: { summary: expected, why: expected, remedy: { text: expected } },
      plan: [{ text: [text], data: text }],
    });
  });

  it("in data, only what is a command", () => {
    const data = {
      what: "kubectl get a",
      remedy: { text: "kubectl get a", command: "kubectl get a" },
      list: [{ command: "kubectl get b" }],
    };
    expect(calledIn(data, howCalled({}, { context: "prod" }))).toEqual({
      what: "kubectl get a",
      remedy: { text: "kubectl get a", command: "kubectl --context prod get a" },
      list: [{ command: "kubectl --context prod get b" }],
    });
  });
});

it("in a rehearsal of which nothing stays, what install would mend is rehearsed as it was called; what comes next is about real clusters", () => {
  const argv = ["rehearse", "--cloud", "kind", "--domain-template", "a b"];
  const told: unknown[] = [];
  const reporter = calledHere(
    { emit: (event) => told.push(event), report: (_report, next) => told.push(next), problem: (one) => told.push(one) },
    howCalled({}, {}, argv),
  );
  const remedy = {
    text: "kind gives out none: install with --expose nodeport.",
    command: sh`kn-bootstrap install --expose nodeport`,
  };
  const problem = { id: "x", what: "", remedy, exitCode: 1 };
  reporter.problem(problem);
  reporter.report({ outcome: "done", steps: [], seconds: 1 }, [remedy]);
  const mended = {
    text: "kind gives out none: rehearse with --expose nodeport.",
    command: "kn-bootstrap rehearse --cloud kind --domain-template 'a b' --expose nodeport",
  };
  expect(told).toEqual([{ ...problem, remedy: mended }, [remedy]]);
  expect(howCalled({}, {}, ["rehearse", "--keep=2h"])).toEqual(howCalled({}, {}));
});
