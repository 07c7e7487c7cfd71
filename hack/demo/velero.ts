/** `make demo ENGINE=velero`: an S3 server and Velero in both regions, and what the scenario says to use them. */
import { OPERATOR_NAMESPACE } from '../harness/install.ts';
import { ensureVelero } from '../harness/velero.ts';
import type { Lab } from '../lab/types.ts';

const BUCKET = 'recovery-points';
const PREFIX = 'demo';
const CREDENTIALS = 's3';

/** What the scenario's spec says otherwise than protection.yaml: Velero needs longer for a cycle, and waits in between. */
export interface VeleroPlan {
  readonly objectives: { readonly rpo: string; readonly rto: string };
  readonly replication: object;
}

/** Once the application is there: Velero learns of new kinds when it starts, and then every five minutes. */
export async function startVelero(lab: Lab, progress: (line: string) => void): Promise<VeleroPlan> {
  const { s3 } = await ensureVelero(lab, {
    bucket: BUCKET,
    prefix: `${PREFIX}/velero`,
    features: [],
    progress,
  });
  const items = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: OPERATOR_NAMESPACE } },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: CREDENTIALS, namespace: OPERATOR_NAMESPACE },
      stringData: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
    },
  ];
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await lab.objective.kubectl(['apply', '--server-side', '-f', '-'], { input });
  const { endpoint, region } = s3;
  const place = { bucket: BUCKET, prefix: PREFIX, region, endpoint, forcePathStyle: true };
  return {
    objectives: { rpo: '1m', rto: '5m' },
    replication: { engine: 'velero', store: { s3: { ...place, credentialsSecret: CREDENTIALS } } },
  };
}
