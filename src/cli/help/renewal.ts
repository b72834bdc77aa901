import { strategies } from "../../certificates/index.ts";

const elsewhere = strategies.flatMap(({ elsewhere }) => elsewhere?.renewer?.help ?? []).join(", and ");

export const text = `
A certificate is due when its CA says so (RFC 9773), else after two thirds of its lifetime. This replaces it when it is due, and proves that the gateway serves the new one; else the old one comes back:

  kn-bootstrap renew

status says how many days are left and who renews. Nobody does until a CronJob is installed, which takes an image of kn-bootstrap that the nodes can pull (the repository has a Dockerfile) and the credentials of the DNS provider, as a Secret or an IAM role:

  kn-bootstrap renew --install-cronjob --image registry.example.com/kn-bootstrap:0.1.0 --credentials-secret renew-credentials

It tries everything once before it is left alone. Whether a renewal would work can be asked at any time; the answer is 0, or 3 with the reason:

  kn-bootstrap renew --check

With --dns manual nothing can renew alone: run renew when status says so. ${elsewhere.charAt(0).toUpperCase()}${elsewhere.slice(1)}.
`;
