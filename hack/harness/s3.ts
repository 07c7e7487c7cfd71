/**
 * A real S3 server beside the clusters, as the place of recovery points and of
 * Velero's backups: versitygw on a folder, so that a test can look at objects
 * and damage them without any client.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { z } from 'zod';
import { createAuthority, issueServer } from '../lab/pki/certificate.ts';
import { sendOk } from '../lab/processes/http.ts';
import { holdPort, LOOPBACK } from '../lab/processes/ports.ts';
import type { Lab } from '../lab/types.ts';
import { addOnPrograms, recall, remember, untilServing } from './add-on.ts';

/** A build that runs at the same time slows everything. */
const READY_SECONDS = 120;
const REGION = 'us-east-1';
/** Not the name of a bucket, which needs three letters. */
const HEALTH = '/up';
const DAY_MS = 86_400_000;

export interface S3Options {
  /** Serves HTTPS with a certificate of an authority of its own. A server apart from the one without. @default false */
  readonly tls?: boolean | undefined;
  /** A line for people per program that is built. Default: nothing is said. */
  readonly progress?: ((line: string) => void) | undefined;
}

export interface LabS3 {
  /** `http://127.0.0.1:port`, or `https:` with TLS. Buckets are addressed by path. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Certificate (PEM) of the authority that a client must trust; undefined without TLS. */
  readonly authority?: string | undefined;
  /** Each bucket is a folder in here and each object a file in it; what is beside them is the server's own. */
  readonly directory: string;
  /** Repeating it is harmless. */
  makeBucket(name: string): Promise<void>;
  /** Lets requests finish; afterwards connections are refused. */
  stop(): Promise<void>;
  /** Ends it in the middle of whatever it does. */
  kill(): Promise<void>;
  /** Brings it back on the same port with the same objects; resolves when it answers. */
  start(): Promise<void>;
}

const factsSchema = z.object({
  endpoint: z.string(),
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
  authority: z.string().optional(),
});
type S3Facts = z.infer<typeof factsSchema>;

/**
 * The lab's S3 server, running: started now, or by an earlier call of any process. Two first calls at the
 * same time are not supported.
 * @throws LabError, or Error with the server's log
 */
export async function ensureS3(lab: Lab, options: S3Options = {}): Promise<LabS3> {
  const name = options.tls === true ? 's3-tls' : 's3';
  const home = join(lab.directory, name);
  const factsFile = join(home, 'facts.json');
  const known = recall(factsFile, factsSchema);
  const facts = known ?? (await firstStart(lab, name, home, options));
  const start = async () => {
    const { logFile } = await lab.program(name).start();
    await untilServing({ name, logFile, seconds: READY_SECONDS }, () => answers(facts));
  };
  await start();
  if (known === undefined) remember(factsFile, facts);
  const directory = join(home, 'objects');
  return {
    ...facts,
    region: REGION,
    directory,
    makeBucket: async (bucket) => {
      mkdirSync(join(directory, bucket), { recursive: true });
    },
    stop: () => lab.program(name).stop(),
    kill: () => lab.program(name).kill(),
    start,
  };
}

async function firstStart(lab: Lab, name: string, home: string, options: S3Options): Promise<S3Facts> {
  const program = await addOnPrograms(['versitygw'], options.progress);
  for (const folder of ['objects', 'metadata']) mkdirSync(join(home, folder), { recursive: true });
  const held = await holdPort();
  const address = `${LOOPBACK}:${held.port}`;
  const facts: S3Facts = {
    endpoint: `${options.tls === true ? 'https' : 'http'}://${address}`,
    accessKeyId: 'antipode-lab',
    secretAccessKey: randomBytes(20).toString('hex'),
    ...(options.tls === true ? { authority: writeCertificate(home) } : {}),
  };
  const tls = options.tls === true ? ['--cert', join(home, 'tls.crt'), '--key', join(home, 'tls.key')] : [];
  const flags = [
    '--port',
    address,
    '--region',
    REGION,
    '--health',
    HEALTH,
    '--quiet',
    '--keep-alive',
    ...tls,
  ];
  const backend = ['posix', '--sidecar', join(home, 'metadata'), join(home, 'objects')];
  await held.release();
  await lab.run(name, [program('versitygw'), ...flags, ...backend], {
    HOME: home,
    ROOT_ACCESS_KEY_ID: facts.accessKeyId,
    ROOT_SECRET_ACCESS_KEY: facts.secretAccessKey,
  });
  return facts;
}

/** @returns the certificate of the authority */
function writeCertificate(home: string): string {
  const now = Date.now();
  const validity = { notBefore: now - DAY_MS, notAfter: now + 365 * DAY_MS };
  const authority = createAuthority('antipode-lab-s3', validity);
  const hosts = { names: ['localhost'], addresses: [LOOPBACK] };
  const pair = issueServer(authority, { commonName: 's3' }, hosts, validity);
  writeFileSync(join(home, 'tls.crt'), pair.certificate, { mode: 0o600 });
  writeFileSync(join(home, 'tls.key'), pair.key, { mode: 0o600 });
  return authority.certificate;
}

async function answers({ endpoint, authority }: S3Facts): Promise<true> {
  const agent = authority === undefined ? {} : { agent: new Agent({ ca: authority }) };
  await sendOk({ url: `${endpoint}${HEALTH}`, deadline: 2_000, ...agent });
  return true;
}
