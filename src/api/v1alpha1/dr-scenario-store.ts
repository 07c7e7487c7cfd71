/** The part of a DRScenario's spec that says where recovery points are kept, and which of them for how long. */
import { z } from 'zod';
import { objectName } from './common.ts';
import { durationText, textMatching } from './text.ts';

const storePath = textMatching(/^\/[^\0]*$/, 'must be an absolute path, e.g. /var/lib/antipode/points', {
  max: 1024,
});

const bucketName = textMatching(
  /^[a-z0-9][-a-z0-9.]{1,61}[a-z0-9]$/,
  "must be the name of a bucket: 3 to 63 lower-case letters, digits, '-' and '.'",
  { max: 63 },
);

const keyPrefix = textMatching(
  /^[A-Za-z0-9][-A-Za-z0-9_.]*(\/[A-Za-z0-9][-A-Za-z0-9_.]*)*$/,
  "must be a folder in the bucket such as dr/antipode: no '/' at its start or end, no empty or hidden parts",
  { max: 256 },
);

const endpoint = textMatching(
  /^https?:\/\/([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?$/,
  'must be the URL of an S3 server without a path, e.g. https://s3.example.com or http://10.0.0.5:9000',
  { max: 253 },
);

const s3 = z.object({
  bucket: bucketName.describe('An existing bucket that outlives the source region.'),
  prefix: keyPrefix
    .optional()
    .describe(
      "Folder in the bucket. Everything below it is Antipode's: points under `velero/`, records under `antipode/`.",
    ),
  region: z.string().min(1).max(63).default('us-east-1').describe('Region of the bucket.'),
  endpoint: endpoint.optional().describe('Address of an S3 server that is not AWS.'),
  forcePathStyle: z
    .boolean()
    .default(false)
    .describe('Name the bucket in the path, not in the host name, as most servers other than AWS need it.'),
  credentialsSecret: objectName
    .optional()
    .describe(
      "Secret in the operator's namespace with `accessKeyId` and `secretAccessKey` (and `sessionToken`). Followed when it is rotated. Default: the operator's own identity, e.g. IRSA.",
    ),
  caSecret: objectName
    .optional()
    .describe("Secret in the operator's namespace whose key `ca.crt` signs the server's certificate."),
  encryption: z
    .object({
      algorithm: z.enum(['AES256', 'aws:kms']).describe('How the server encrypts what it keeps.'),
      kmsKeyId: z
        .string()
        .min(1)
        .max(2048)
        .optional()
        .describe('Key for `aws:kms`. Default: that of the bucket.'),
    })
    .optional()
    .meta({
      'x-kubernetes-validations': [
        {
          rule: "!has(self.kmsKeyId) || self.algorithm == 'aws:kms'",
          message: 'kmsKeyId needs algorithm aws:kms',
        },
      ],
    })
    .describe('Encryption at rest, by the server. Default: as the bucket is set.'),
});
export type S3StoreSpec = z.infer<typeof s3>;

export const store = z
  .object({
    filesystem: z
      .object({ path: storePath.describe("Absolute directory on the operator's volume.") })
      .optional()
      .describe('A directory that outlives the source region.'),
    s3: s3.optional().describe('A bucket that outlives the source region.'),
  })
  .default({})
  .meta({
    'x-kubernetes-validations': [
      {
        rule: '!(has(self.filesystem) && has(self.s3))',
        message: 'set one of filesystem and s3, not both: a point lives in one store',
      },
    ],
  });
export type StoreSpec = z.infer<typeof store>;

const buckets = (unit: string) =>
  z
    .int()
    .min(0)
    .max(1000)
    .default(0)
    .describe(`Keep the newest point of each of the last so many ${unit} as well.`);

export const retention = z
  .object({
    maxAge: durationText('1m')
      .optional()
      .describe(
        'Points older than this go, also when fewer than `keep` are left; never the newest verified one.',
      ),
    hourly: buckets('hours (UTC)'),
    daily: buckets('days (UTC)'),
    weekly: buckets('weeks (from Monday, UTC)'),
    monthly: buckets('months (UTC)'),
  })
  .default({ hourly: 0, daily: 0, weekly: 0, monthly: 0 });
