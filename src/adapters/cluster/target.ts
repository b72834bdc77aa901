/** Which cluster, as whom, by which way: a kubeconfig's context with everything looked up. Plain data, holds secrets. */
export interface ClusterTarget {
  readonly context: string;
  readonly user: string;
  /** Origin and path prefix, no trailing slash: `https://10.0.0.1:6443`. */
  readonly server: string;
  readonly tls: TlsSettings;
  /** `http:`, `https:` or `socks5:` URL, perhaps with a user name and password in it. */
  readonly proxy?: string;
  readonly login: Login;
  /** One sentence each, to be shown. */
  readonly warnings: readonly string[];
}

export interface TlsSettings {
  /** PEM. Absent: the system's roots. */
  readonly ca?: string;
  /** The name that the certificate must carry, instead of the server's. */
  readonly servername?: string;
  readonly insecure: boolean;
}

/** A PEM file or its content. Files belong to others, who may replace them at any moment. */
export type Pem = { readonly file: string } | { readonly text: string };

export interface Login {
  readonly token?: string;
  /** Wins over `token`. */
  readonly tokenFile?: string;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly certificate?: Pem;
  readonly key?: Pem;
  readonly plugin?: PluginSettings;
  /** A kubeconfig `auth-provider`, e.g. `{name: "oidc", config: {…}}`. */
  readonly provider?: Readonly<Record<string, unknown>>;
  readonly impersonate?: {
    readonly user: string;
    readonly uid?: string;
    readonly groups: readonly string[];
    readonly extra: Readonly<Record<string, readonly string[]>>;
  };
}

/** A credential plugin (`user.exec`). Source: k8s.io/client-go/tools/clientcmd/api, ExecConfig. */
export interface PluginSettings {
  /** A command on PATH, or an absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  /** The environment it runs in, `env` of the kubeconfig included. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `client.authentication.k8s.io/v1` or `…/v1beta1` */
  readonly apiVersion: string;
  readonly interactiveMode: "Never" | "IfAvailable" | "Always";
  readonly installHint?: string;
  /** `spec.cluster` of KUBERNETES_EXEC_INFO; absent without `provideClusterInfo`. */
  readonly cluster?: Readonly<Record<string, unknown>>;
}
