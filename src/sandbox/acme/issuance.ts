/** From a ready order to a certificate (RFC 8555 §7.4, §7.4.2). */

import { fieldsOf } from "./authenticate.ts";
import type { Call, Reply } from "./call.ts";
import { createAuthority, newKeys, publicKeyOf } from "./certificates.ts";
import { type Csr, readCsr } from "./csr.ts";
import { type Certificate, hoursFrom, type Office, type Order } from "./office.ts";
import { describeOrder, orderStatus, ownOrder, setBucket } from "./orders.ts";
import { notFound, Problem, typeUrn, unauthorized } from "./problem.ts";

/** Against clocks that are behind; counts as part of the lifetime, as at Let's Encrypt. */
const BACKDATED_HOURS = 1;
const HOURS_WITHOUT_PROFILE = 90 * 24;
/** X.520 ub-common-name. */
const LONGEST_COMMON_NAME = 64;

export const finalize = async (office: Office, call: Call): Promise<Reply> => {
  const order = ownOrder(office, call);
  const status = orderStatus(office, order);
  if (status !== "ready")
    throw new Problem("orderNotReady", `Order's status ("${status}") is not acceptable for finalization`);
  const csr = await readCsr(fieldsOf(call.post).csr, order.names);
  if ([...office.accounts.values()].some(({ key }) => key.thumbprint === csr.thumbprint))
    throw new Problem("badCSR", "certificate public key must be different than account key");
  // Reading the request took time, in which the order may have been finalized by another one.
  if (order.stage !== "open") throw new Problem("orderNotReady", "Order is already being finalized");
  order.stage = "processing";
  const { processingMs } = office.faults();
  if (processingMs === undefined) await complete(office, order, csr);
  else office.later(processingMs, () => complete(office, order, csr));
  return describeOrder(office, order);
};

const complete = async (office: Office, order: Order, csr: Csr): Promise<void> => {
  const { issuanceFails } = office.faults();
  if (issuanceFails) {
    order.error = { type: typeUrn(issuanceFails.type), detail: issuanceFails.detail, status: 500 };
    order.stage = "invalid";
    return;
  }
  const { hours, commonName: wantsName } = office.profiles[order.profile] ?? {
    hours: HOURS_WITHOUT_PROFILE,
    commonName: true,
  };
  const first = csr.commonName ?? order.names.find((name) => name.length <= LONGEST_COMMON_NAME);
  const notBefore = wholeSecond(hoursFrom(office.now(), -BACKDATED_HOURS));
  const wanted = {
    publicKey: csr.publicKey,
    ...(wantsName && first !== undefined ? { commonName: first } : {}),
    notBefore,
    // The last second counts (RFC 5280 §4.1.2.5).
    notAfter: new Date(hoursFrom(notBefore, hours).getTime() - 1000),
  };
  const { pem, serial } = await office.authority.sign({ ...wanted, names: order.names });
  order.certificate = {
    ...wanted,
    number: office.certificates.length + 1,
    order,
    serial,
    pem,
    thumbprint: csr.thumbprint,
    revoked: false,
  };
  office.certificates.push(order.certificate);
  order.stage = "valid";
  if (!order.exempt) office.buckets.take(office.options.limits?.certificatesPerSet, setBucket(order.names));
};

const wholeSecond = (date: Date): Date => new Date(Math.floor(date.getTime() / 1000) * 1000);

export const download = async (office: Office, { owner, id }: Call): Promise<Reply> => {
  const certificate = office.certificates[Number(id) - 1];
  if (!certificate) throw notFound("certificate");
  if (certificate.order.account !== owner)
    throw unauthorized("Account authenticating request does not own certificate");
  return {
    status: 200,
    headers: { "content-type": "application/pem-certificate-chain" },
    body: await chainOf(office, certificate),
  };
};

const chainOf = async (office: Office, certificate: Certificate): Promise<string> => {
  const { authority } = office;
  const { names } = certificate.order;
  const request = { ...certificate, names };
  const signed = async (changed: Partial<typeof request>, by = authority): Promise<string> =>
    (await by.sign({ ...request, ...changed })).pem + by.intermediate;
  switch (office.faults().wrongCertificate) {
    case "order":
      return authority.intermediate + certificate.pem;
    case "incomplete":
      return certificate.pem;
    case "key":
      return signed({ publicKey: await publicKeyOf(await newKeys()) });
    case "names":
      return signed({ names: names.map((name) => `other.${name.replace(/^\*\./, "")}`) });
    case "dates":
      return signed({ notBefore: hoursFrom(office.now(), -48), notAfter: hoursFrom(office.now(), -24) });
    case "chain":
      return signed({}, await createAuthority("Stranger", office.now()));
    default:
      return certificate.pem + authority.intermediate;
  }
};
