import { X509Certificate } from "node:crypto";
import { afterEach, expect, it } from "vitest";
import { internetDoor } from "../../src/sandbox/cert-manager/index.ts";
import { type Internet, startInternet } from "../../src/sandbox/internet.ts";
import { isTrue } from "../../src/sandbox/objects.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import { startWorld, type World } from "../../src/sandbox/world.ts";
import { ACME, API, applyCertManager, applyIssuer, untilAnswers, untilIssuer } from "./cert-manager-scene.ts";
import { apply, hasReleases, release, until } from "./install.ts";

let world: World;
let internet: Internet;
afterEach(async () => {
  await world.close();
  await internet.close();
});

const open = async (objects?: readonly Obj[]): Promise<void> => {
  internet = await startInternet({ zones: ["example.com"] });
  const {
    AWS_ACCESS_KEY_ID: id = "",
    AWS_SECRET_ACCESS_KEY: secret = "",
    RFC2136_TSIG_KEY: name = "",
    RFC2136_TSIG_SECRET: tsig = "",
  } = internet.env;
  const keys = { accessKey: { id, secret }, tsig: { name, secret: tsig } };
  world = await startWorld({ certManager: internetDoor(internet.dns, keys) });
  await applyCertManager(world, objects);
  await untilAnswers(world);
  await apply(world, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "dns", namespace: "cert-manager" },
    data: { id: btoa(id), secret: btoa(secret), tsig: btoa(tsig) },
  });
};

const issuer = (dns01: object): object => ({
  acme: {
    server: internet.acme.directory,
    caBundle: btoa(internet.acme.tlsCa),
    privateKeySecretRef: { name: "account" },
    solvers: [{ dns01 }],
  },
});

const want = (name: string, ...dnsNames: readonly string[]): Promise<void> =>
  apply(world, {
    apiVersion: API,
    kind: "Certificate",
    metadata: { name, namespace: "default" },
    spec: { secretName: name, dnsNames, issuerRef: { kind: "ClusterIssuer", name: "kn-bootstrap" } },
  });

const untilIssued = async (name: string): Promise<X509Certificate> => {
  const isReady = () =>
    isTrue(world.api.get({ apiVersion: API, kind: "Certificate", namespace: "default", name }), "Ready");
  await until(world, `${name} issued`, isReady);
  const secret = world.api.get({ apiVersion: "v1", kind: "Secret", namespace: "default", name });
  return new X509Certificate(Buffer.from(secret?.data["tls.crt"], "base64"));
};

const leftovers = (): readonly unknown[] =>
  internet.zones.flatMap(({ records }) => records.list().filter(({ type }) => type === "TXT"));

it("proves a name to a real ACME CA by a record at either provider, and leaves none behind", async () => {
  // The release's own kinds, where they are: what the world writes must fit their schemas.
  await open(hasReleases ? release("cert-manager/1.18.0/cert-manager.yaml") : undefined);
  const selector = (key: string) => ({ name: "dns", key });
  const route53 = { region: "us-east-1", hostedZoneID: internet.zones[0]?.id };
  await applyIssuer(
    world,
    issuer({
      route53: { ...route53, accessKeyIDSecretRef: selector("id"), secretAccessKeySecretRef: selector("secret") },
    }),
  );
  await untilIssuer(world);
  await want("both", "example.com", "*.example.com");
  expect((await untilIssued("both")).subjectAltName).toBe("DNS:*.example.com, DNS:example.com");

  const { RFC2136_NAMESERVER: nameserver, RFC2136_TSIG_KEY: tsigKeyName } = internet.env;
  const tsig = { tsigKeyName, tsigAlgorithm: "HMACSHA256", tsigSecretSecretRef: selector("tsig") };
  await applyIssuer(world, issuer({ rfc2136: { nameserver, ...tsig } }));
  await want("web", "web.example.com");
  expect((await untilIssued("web")).subjectAltName).toBe("DNS:web.example.com");
  expect(internet.acme.certificates()).toHaveLength(2);
  expect(leftovers()).toEqual([]);
});

it("says what keeps it from writing, and what the CA saw", async () => {
  await open();
  await applyIssuer(world, issuer({ route53: { region: "us-east-1" } }));
  await untilIssuer(world);
  await want("web", "web.example.com");
  await until(world, "the missing credentials", () =>
    world.api.list(ACME, "Challenge").some(({ status }) => /failed to retrieve credentials/.test(status?.reason ?? "")),
  );
  expect(internet.acme.certificates()).toEqual([]);
  expect(leftovers()).toEqual([]);
});
