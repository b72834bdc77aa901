export const text = `
Every option is a flag, a variable and a key. A flag wins over a variable, a variable over the file, the file over what was chosen before at this cluster, that over the default.

  kn-bootstrap install --config kn-bootstrap.yaml

The key is the flag without its dashes, the variable is the flag in capitals behind KN_BOOTSTRAP_:

  domain: apps.example.com
  dns: route53
  namespaces: [default, shop]

  KN_BOOTSTRAP_DOMAIN=apps.example.com kn-bootstrap plan

Values with {{, *, @ or % in front stand in quotes. Unknown keys and variables are refused, with what was probably meant, and all mistakes are told at once; help options lists every option. A JSON Schema for editors is in the package: docs/config.schema.json.

What was chosen is kept in the cluster, so a later run needs no options, and one with fewer changes nothing. To take a choice back:

  kn-bootstrap install --reset-choice address,acme-profile
  kn-bootstrap install --reset-choices

Credentials are no options: they come from the kubeconfig and from the chains that help dns and help tls name.
`;
