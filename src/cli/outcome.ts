/** What a command comes to: text for stdout with notes for stderr, or a problem that says what to do. */
import type { KubeError } from '../kube/errors.ts';

export type Outcome =
  | { readonly kind: 'done'; readonly text: string; readonly notes: readonly string[] }
  /** `text` is what could be shown all the same. */
  | {
      readonly kind: 'problem';
      readonly message: string;
      readonly text?: string;
      readonly notes?: readonly string[];
    };

export const problem = (message: string): Extract<Outcome, { kind: 'problem' }> => ({
  kind: 'problem',
  message,
});

const REMEDIES: Readonly<Partial<Record<KubeError['code'], string>>> = {
  Unreachable: 'is the API server up, and reachable from here? Is this the right kubeconfig context?',
  Unauthorized: 'the credentials of the kubeconfig are not accepted: log in again, or use another context',
  Forbidden: 'ask an administrator of the cluster for this right',
  UntrustedCertificate: 'the kubeconfig has the certificate authority of another cluster, or an old one',
  NotFound:
    'is Antipode installed there? It runs in the objective cluster: choose its context with --kubeconfig or --context',
};

/** A failed call as a sentence that says what to do. */
export function explainFailure(error: KubeError): string {
  const remedy = REMEDIES[error.code];
  return remedy === undefined ? error.message : `${error.message}; ${remedy}`;
}
