/**
 * What must be in a cluster before `velero server` starts, as manifests: what
 * `velero install` would create, but for the Pods, which nothing would run.
 */
import type { LabS3 } from './s3.ts';

export const VELERO_NAMESPACE = 'velero';
export const STORAGE_LOCATION = 'default';

/** Where backups are. */
export interface VeleroStorage {
  readonly bucket: string;
  /** Folder in the bucket that holds nothing but what Velero knows. Default: the bucket itself. */
  readonly prefix?: string | undefined;
}

/** A v1 List of everything but the CRDs, for `kubectl apply -f -`. */
export function veleroObjects(s3: LabS3, storage: VeleroStorage): string {
  const items = [namespace(), storageLocation(s3, storage), emptyDeployment()];
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

function namespace(): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: VELERO_NAMESPACE } };
}

/**
 * The file of credentials that the server's storage plugin reads. A Secret that the location names would be
 * written to a file anew at each use, which another use may find empty.
 */
export function credentialsFile(s3: LabS3): string {
  const profile = [
    '[default]',
    `aws_access_key_id=${s3.accessKeyId}`,
    `aws_secret_access_key=${s3.secretAccessKey}`,
    '',
  ];
  return profile.join('\n');
}

function storageLocation(s3: LabS3, { bucket, prefix }: VeleroStorage): object {
  const authority =
    s3.authority === undefined ? {} : { caCert: Buffer.from(s3.authority).toString('base64') };
  return {
    apiVersion: 'velero.io/v1',
    kind: 'BackupStorageLocation',
    metadata: { name: STORAGE_LOCATION, namespace: VELERO_NAMESPACE },
    spec: {
      default: true,
      provider: 'aws',
      objectStorage: { bucket, ...(prefix === undefined ? {} : { prefix }), ...authority },
      config: { region: s3.region, s3ForcePathStyle: 'true', s3Url: s3.endpoint, checksumAlgorithm: '' },
    },
  };
}

/** Restores look it up for the images of their helpers, and are PartiallyFailed when it is not there. */
function emptyDeployment(): object {
  const labels = { component: 'velero' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'velero', namespace: VELERO_NAMESPACE, labels },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'velero', image: 'velero/velero' }] },
      },
    },
  };
}
