import { execFile } from "node:child_process";
import { Resolver } from "node:dns/promises";
import { writeFile } from "node:fs/promises";
import { request as overHttp } from "node:http";
import { request as overHttps } from "node:https";
import { join } from "node:path";
import { promisify } from "node:util";
import { faults, startInternet, startWorld } from "kn-bootstrap/rehearsal";

/** As another project would use the package: plain JavaScript, Node's own modules, kubectl where KUBECTL says that there is one. */

const ask = (url, { method = "GET", body, ...options } = {}) =>
  new Promise((resolve, reject) => {
    const open = url.startsWith("https:") ? overHttps : overHttp;
    const request = open(url, { agent: false, method, ...options }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode, text: chunks.join("") }));
    });
    request.on("error", reject);
    request.end(body && JSON.stringify(body));
  });

const internet = await startInternet({ zones: ["example.com"], hosts: { "lb.example.net": ["192.0.2.1"] } });
const world = await startWorld({ kubernetes: "1.33.4", pace: 5, faults: ["load-balancer-pending"], internet });
const { url, ca, token } = world.api;
const api = (path, body) =>
  ask(`${url}${path}`, {
    ca,
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body,
  });

const seen = { faults: faults.map(({ name }) => name) };

seen.version = JSON.parse((await api("/version")).text).gitVersion;
const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } };
seen.created = (await api("/api/v1/namespaces", namespace)).status;
seen.again = JSON.parse((await api("/api/v1/namespaces", namespace)).text).reason;
seen.stranger = (await ask(`${url}/api/v1/namespaces`, { ca })).status;
seen.wrongFault = await world.startFaults("no-such-fault").catch(({ name }) => name);
seen.wrongVersion = await startWorld({ kubernetes: "latest" }).catch(({ name }) => name);
await world.endFaults();

if (process.env.KUBECTL) {
  const kubeconfig = join(process.env.HOME, "kubeconfig");
  await writeFile(kubeconfig, world.kubeconfig, { mode: 0o600 });
  const nodes = await promisify(execFile)(process.env.KUBECTL, [
    "--kubeconfig",
    kubeconfig,
    "get",
    "nodes",
    "-o",
    "name",
  ]);
  seen.nodes = nodes.stdout;
}

internet.publish({ name: "www.example.com.", type: "A", values: ["192.0.2.7"] });
internet.publish({ name: "gone.example.com", type: "TXT", values: ['"here"'] });
internet.publish({ name: "gone.example.com", type: "TXT", values: [] });
const resolver = new Resolver();
resolver.setServers([internet.resolver]);
seen.addresses = await resolver.resolve4("www.example.com");
seen.host = await resolver.resolve4("lb.example.net");
seen.gone = await resolver.resolveTxt("gone.example.com").catch(({ code }) => code);
seen.published = internet.published("WWW.example.com", "A");
try {
  internet.publish({ name: "www.example.org", type: "A", values: ["192.0.2.7"] });
} catch ({ name }) {
  seen.foreign = name;
}
const { AWS_ENDPOINT_URL_ROUTE_53: route53, RFC2136_NAMESERVER } = internet.env;
seen.unsigned = (await ask(`${route53}/2013-04-01/hostedzone`)).status;
seen.nameServer = RFC2136_NAMESERVER;
seen.acme = Object.keys(
  JSON.parse((await ask(internet.acme.directory, { ca: internet.acme.tlsCa, headers: { "user-agent": "test" } })).text),
);

await world.stop();
await internet.stop();
seen.stopped = await api("/version").catch(({ code }) => code);
process.stdout.write(JSON.stringify(seen));
