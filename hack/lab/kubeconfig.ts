/** Kubeconfig text for one cluster and one user. Never with verification of the server switched off. */
import { dump } from 'js-yaml';

export type Credentials =
  | { readonly token: string }
  | { readonly clientCertificate: string; readonly clientKey: string };

/** @param authority the cluster's CA certificate, PEM */
export function kubeconfig(
  cluster: { readonly name: string; readonly server: string; readonly authority: string },
  credentials: Credentials,
): string {
  const user =
    'token' in credentials
      ? { token: credentials.token }
      : {
          'client-certificate-data': base64(credentials.clientCertificate),
          'client-key-data': base64(credentials.clientKey),
        };
  return dump({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: cluster.name,
        cluster: { server: cluster.server, 'certificate-authority-data': base64(cluster.authority) },
      },
    ],
    users: [{ name: 'user', user }],
    contexts: [{ name: cluster.name, context: { cluster: cluster.name, user: 'user' } }],
    'current-context': cluster.name,
  });
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
