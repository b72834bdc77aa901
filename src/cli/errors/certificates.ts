import { type Errors, either, failed, input, unseen } from "./row.ts";

const rewrite = "Write the Secret again, with the chain behind the certificate.";
const order = "Run the same command again: the same order goes on.";

/** CAs, certificates of others, cert-manager, renewal. */
export const certificates: Errors = {
  "acme.bad-nonce": failed("The CA rejected every nonce that it had given out.", "", "Run the same command again."),
  "acme.caa": either("input", "failed")(
    "A CAA record forbids the CA to issue for a name.",
    "",
    "Add the record that the message prints where the CAA records are.",
  ),
  "acme.challenge-routing": failed(
    "Beside the challenge there are TXT records with a routing policy.",
    "The provider allows one routing policy for a name and type.",
    "Remove them, or write them with multivalue routing.",
  ),
  "acme.challenge-zone": failed("The challenge's name does not lie in the zone.", "", "See where the name leads."),
  "acme.contact": input(
    "The CA does not accept the e-mail address.",
    "",
    "Correct --acme-email, or take it back: --reset-choice acme-email.",
  ),
  "acme.directory": input("That is no ACME directory.", "", "Correct --acme-directory."),
  "acme.distrusted": either("unseen", "failed")(
    "The CA's https certificate is not trusted.",
    "",
    "A private CA needs its root: --acme-ca-file.",
  ),
  "acme.dns": failed(
    "The CA could not look up the name.",
    "",
    "See whether the domain is delegated and its servers answer from everywhere.",
  ),
  "acme.external-account": input(
    "The CA makes accounts only for its customers, or does not accept this external account.",
    "It wants an external account binding (RFC 8555 §7.3.4).",
    "Set ACME_EAB_KID and ACME_EAB_HMAC_KEY as the CA's console shows them.",
  ),
  "acme.failures": failed(
    "Too many validations of a name have failed within an hour.",
    "The CA counts them, and was not asked.",
    "Mend the cause, try it with --tls letsencrypt-staging, and run the same command later.",
  ),
  "acme.limit": failed(
    "This cluster has had too many certificates for the same names.",
    "The CA limits them in 7 days, and was not asked.",
    "Run the same command after the time that is named; until then use --tls letsencrypt-staging.",
  ),
  "acme.no-dns-challenge": failed(
    "The CA offers no DNS-01 challenge.",
    "Wildcards can be proved in no other way.",
    "Choose another CA: --acme-directory.",
  ),
  "acme.not-allowed": failed(
    "The CA does not let this account have certificates for these names.",
    "",
    "See with the CA whether it may, then run the same command again.",
  ),
  "acme.not-ordered": failed(
    "The CA's order is not what was asked for.",
    "Nothing was written for any other name.",
    "Run the same command again, which makes a new order; when that ends alike, choose another CA.",
  ),
  "acme.profile": input(
    "The CA does not have that profile.",
    "",
    "Choose one of those that it has, or take the choice back: --reset-choice acme-profile.",
  ),
  "acme.rate-limited": failed(
    "The CA accepts nothing more for now.",
    "",
    "Run the same command after the time that is named; until then use --tls letsencrypt-staging.",
  ),
  "acme.refused": either("failed", "unseen")(
    "The CA refuses a request.",
    "The message gives its words.",
    "Mend what it says and run the same command again.",
  ),
  "acme.rejected-name": input(
    "The CA issues no certificate for that name.",
    "",
    "Choose another --domain, or another CA.",
  ),
  "acme.unauthorized": failed(
    "The CA did not see the right TXT record.",
    "",
    "See what the name's own servers answer, and whether another zone or a cache stands in between.",
  ),
  "acme.unreachable": either("unseen", "failed")(
    "The CA does not answer as it should.",
    "",
    "When it is back, run the same command again: the same order goes on.",
  ),
  "acme.unusable": failed(
    "The certificate that came from the CA is not used.",
    "It did not pass its checks: key, chain, names, dates. Nothing was replaced.",
    "Look at the CA, and run the same command again.",
  ),
  "acme.user-action": failed(
    "The CA wants something done by a person first.",
    "Usually its terms have changed.",
    "Do it at the CA's site, then run the same command again.",
  ),
  "acme.zone-moved": failed(
    "The challenge could not be written: somebody else changed the records at the same time.",
    "Nothing was written.",
    order,
  ),
  "acme.zone-unreachable": failed("The challenge could not be written: the DNS provider does not answer.", "", order),
  "cert-manager.knative": input(
    "--tls cert-manager does not go with this Knative.",
    "Up to 1.14 a component of its own stands between the two; it is not installed here.",
    "Choose a newer Knative, or another --tls.",
  ),
  "cert-manager.leftover": input(
    "The kinds of cert-manager are in this cluster, but no cert-manager runs.",
    "Somebody removed its Deployments and kept its CustomResourceDefinitions.",
    "Install it again the way it was installed, or delete its kinds if these Certificates are needed no more.",
  ),
  "cert-manager.old": input(
    "This cluster runs a cert-manager that does not serve cert-manager.io/v1.",
    "What others installed is not changed.",
    "Upgrade it first, the way it was installed.",
  ),
  "cert-manager.tsig": input(
    "cert-manager cannot sign with this TSIG algorithm.",
    "It knows hmac-sha256, hmac-sha512, hmac-sha1 and hmac-md5.",
    "Make a key of one of these and name it in the server's configuration.",
  ),
  "certificate.too-large": failed(
    "A Secret would be larger than the API server takes, and was not written.",
    "What must not be lost is written before it is used.",
    "Take fewer namespaces, so that there are fewer names.",
  ),
  "config.cert-manager-dns": input(
    "--tls cert-manager does not go with this --dns, or with so long a --domain.",
    "cert-manager writes TXT records by itself whenever it renews, and makes a certificate for each Route.",
    "Choose a --dns that it can write to, a shorter domain, or another --tls.",
  ),
  "cron.by-hand": input(
    "With this --dns nothing can renew alone.",
    "A person has to publish the record of each challenge.",
    "Renew by hand when status says so, or install with a --dns that writes records by itself.",
  ),
  "cron.credentials": input(
    "The CronJob would have no way to the DNS provider.",
    "Your own credentials stay with you.",
    "Give --role-arn or --credentials-secret.",
  ),
  "cron.elsewhere": input(
    "There is nothing for a CronJob to renew.",
    "Others renew the certificate, or there is none.",
    "Leave it out.",
  ),
  "cron.image": input(
    "--install-cronjob needs --image.",
    "The nodes must pull kn-bootstrap from somewhere.",
    "Build the image, push it, and name it.",
  ),
  "cron.role": input(
    "--role-arn does not go with this --dns.",
    "An IAM role opens no way to it.",
    "Give --credentials-secret instead.",
  ),
  "cron.secret": input("The Secret of --credentials-secret does not exist.", "", "Create it."),
  "cron.secret-keys": input(
    "The Secret of --credentials-secret lacks keys.",
    "Its keys become the environment of the CronJob.",
    "Create it anew.",
  ),
  "cron.unreachable": input(
    "A pod cannot prove what the gateway serves here.",
    "On kind the gateway answers at 127.0.0.1 of your machine, which inside a pod is the pod itself.",
    "Renew from this machine instead, or install with --address.",
  ),
  "renew.check": unseen(
    "A renewal would not work from here.",
    "One of the trials failed; each is told.",
    "Mend what they say, then try again.",
  ),
  "renew.flags": input("These options of renew do not go together.", "", "Leave one of them out."),
  "renew.no-account": input(
    "This cluster has no account at an ACME CA.",
    "An account comes with the first certificate from one.",
    "See what is installed: kn-bootstrap status.",
  ),
  "renew.nothing": input(
    "There is no certificate of kn-bootstrap in this cluster.",
    "",
    "Install makes one; or see which cluster this is.",
  ),
  "renew.put-back": failed(
    "The new certificate was not served.",
    "The old one was put back where that could be done.",
    "See why the gateway does not take it up, then renew again.",
  ),
  "renew.rights": failed(
    "The account lacks rights that renew needs.",
    "",
    "Have somebody run it who has them. For the CronJob's account an administrator runs renew --install-cronjob again, which writes the Roles anew.",
  ),
  "tls-secret.certificate": input(
    "The Secret holds no certificate that can be read.",
    "",
    "Put the certificate there as PEM, the chain behind it.",
  ),
  "tls-secret.expired": input("The certificate has ended.", "", "Have a new one issued and write it into the Secret."),
  "tls-secret.incomplete": input(
    "The chain is incomplete.",
    "Clients do not fetch what is missing.",
    "Add the certificate of the issuer behind the others; your own root goes into the key ca.crt.",
  ),
  "tls-secret.key": input(
    "The Secret holds no private key that can be read.",
    "It is encrypted, damaged, or not PEM.",
    "Put the key there as PEM, decrypted.",
  ),
  "tls-secret.key-type": input(
    "Browsers do not accept a certificate with this kind of key.",
    "They accept ECDSA P-256 or P-384, and RSA with at least 2048 bits.",
    "Make a new key, and have a certificate issued for it.",
  ),
  "tls-secret.mismatch": input(
    "Key and certificate do not belong together.",
    "",
    "Write the Secret again with the key that the certificate was requested with.",
  ),
  "tls-secret.missing": input("The Secret does not exist.", "", "Make it from the certificate's chain and its key."),
  "tls-secret.names": input(
    "The certificate does not cover the names of the URLs.",
    "A wildcard stands for exactly one label (RFC 6125 §6.4.3).",
    "Have one issued for these names, or choose --domain-template flat.",
  ),
  "tls-secret.not-yet": input(
    "The certificate is not valid yet.",
    "",
    "Wait until then, or set this machine's clock right.",
  ),
  "tls-secret.order": input(
    "The certificates of the chain are in the wrong order.",
    "Some clients do not sort them.",
    rewrite,
  ),
  "tls-secret.stranger": input(
    "The chain also holds a certificate that signed none of the others.",
    "",
    "Leave it out.",
  ),
  "tls-secret.type": input(
    "The Secret has another type than kubernetes.io/tls.",
    "The type of a Secret cannot be changed.",
    "Delete it and make it again.",
  ),
  "tls-secret.usage": input(
    "The certificate is for another use than a server.",
    "",
    "Have a server certificate issued.",
  ),
};
