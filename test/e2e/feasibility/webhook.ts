/** An admission webhook of a cluster, served by the test itself, that denies what the test says. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { waitFor } from '../../../hack/harness/wait.ts';
import { createAuthority, issueServer } from '../../../hack/lab/pki/certificate.ts';
import type { LabCluster } from '../../../hack/lab/types.ts';
import { textAt } from '../../../src/api/fields.ts';
import { apply } from '../support/antipode.ts';

export interface Webhook {
  /** Requests it was asked about: `<kind>/<name>`, with ` dry-run` behind those that were one. */
  readonly asked: readonly string[];
  remove(): Promise<void>;
}

/** Denies the creation of ConfigMaps in one namespace, with these words; resolves when that has begun. */
export async function denyConfigMaps(
  cluster: LabCluster,
  namespace: string,
  words: string,
): Promise<Webhook> {
  const day = 86_400_000;
  const validity = { notBefore: Date.now() - day, notAfter: Date.now() + day };
  const authority = createAuthority('webhook-authority', validity);
  const { certificate, key } = issueServer(
    authority,
    { commonName: 'webhook' },
    { names: ['localhost'], addresses: ['127.0.0.1'] },
    validity,
  );
  const asked: string[] = [];
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const review: { request: { uid: string; dryRun?: boolean; object: unknown } } = JSON.parse(
        Buffer.concat(chunks).toString(),
      );
      const { uid, dryRun, object } = review.request;
      asked.push(`ConfigMap/${textAt(object, 'metadata', 'name')}${dryRun === true ? ' dry-run' : ''}`);
      const answer = { uid, allowed: false, status: { message: words } };
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const name = `deny-${namespace}`;
  await apply(cluster, [configuration(name, namespace, port, authority.certificate)]);
  const probe = ['-n', namespace, 'create', 'configmap', 'probe', '--dry-run=server'];
  await waitFor({ what: `ConfigMaps to be denied in ${namespace}`, seconds: 60 }, async () => {
    const [refusal] = await Promise.allSettled([cluster.kubectl(probe)]);
    return refusal.status === 'rejected' && String(refusal.reason).includes(words) ? true : undefined;
  });
  return {
    asked,
    async remove() {
      await cluster.kubectl(['delete', 'validatingwebhookconfiguration', name, '--ignore-not-found']);
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function configuration(name: string, namespace: string, port: number, authority: string): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        name: 'deny.example.com',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        // As long as may be: it is answered by the test, which may stand still for a moment.
        timeoutSeconds: 30,
        clientConfig: {
          url: `https://127.0.0.1:${port}/`,
          caBundle: Buffer.from(authority).toString('base64'),
        },
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
      },
    ],
  };
}
