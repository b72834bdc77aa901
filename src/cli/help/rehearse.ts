export const text = `
The real installer runs with your options against a cluster on this machine's loopback: a Kubernetes API with its controllers, Knative's and the gateway's, a DNS zone, the Route 53 API and an ACME CA. It ends in an https request whose certificate is verified. Nothing else is touched, nothing is left behind.

  kn-bootstrap rehearse --dns route53 --domain apps.example.com

The cluster is as new as can be; yours may be older, and gets the newest Knative that it can run:

  kn-bootstrap rehearse --kubernetes 1.30

It can be like the cluster that you have: its nodes and what they keep back, load balancers, storage, what OpenShift lets in.

  kn-bootstrap rehearse --cloud eks --nodes 3x2cpu8gi --domain apps.example.com --dns route53
  kn-bootstrap rehearse --cloud kind --expose nodeport

To see what the installer says when things go wrong, ask for a fault, or for several:

  kn-bootstrap rehearse --fault load-balancer-pending
  kn-bootstrap rehearse --fault api-away:20,image-pull-429:3

To try other commands, kubectl and a browser at it, let it stay; it prints the kubeconfig and ends with Ctrl-C:

  kn-bootstrap rehearse --keep

Or in the background for a time, after which nothing of it is left:

  kn-bootstrap rehearse --keep=2h
  kn-bootstrap rehearse --list
  kn-bootstrap rehearse --stop

A name that does not exist lists them all. It is a demonstration, never evidence: what counts is a real cluster.
`;
