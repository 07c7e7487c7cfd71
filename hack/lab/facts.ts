/**
 * What one process must tell another so that it can use a running lab: plain
 * data, written to `lab.json` in the lab's directory when the lab is ready.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { LabError } from './errors.ts';

export const clusterFactsSchema = z.object({
  name: z.string(),
  region: z.string(),
  directory: z.string(),
  kubeconfig: z.string(),
  /** Loopback port on which its link listens. */
  linkPort: z.number().int(),
  /** Base URL of its etcd. */
  etcd: z.string(),
  zones: z.array(z.object({ name: z.string(), probeUrl: z.string() })),
});
export type ClusterFacts = z.infer<typeof clusterFactsSchema>;

export const labFactsSchema = z.object({
  name: z.string(),
  directory: z.string(),
  /** Unix socket of the process that owns the lab. */
  socket: z.string(),
  /** Base URL of the link proxy's API. */
  linkApi: z.string(),
  /** Path of kubectl. */
  kubectl: z.string(),
  clusters: z.object({
    source: clusterFactsSchema,
    recovery: clusterFactsSchema,
    objective: clusterFactsSchema,
  }),
  dns: z.object({
    zone: z.string(),
    server: z.string(),
    /** Base URL of the etcd in which the zone's records are. */
    etcd: z.string(),
  }),
});
export type LabFacts = z.infer<typeof labFactsSchema>;

export function factsPath(directory: string): string {
  return join(directory, 'lab.json');
}

/** @throws LabError 'NotRunning' when the lab is not there or not ready */
export function readFacts(directory: string): LabFacts {
  try {
    return labFactsSchema.parse(JSON.parse(readFileSync(factsPath(directory), 'utf8')));
  } catch (cause) {
    throw new LabError('NotRunning', `no running lab in ${directory}`, { cause });
  }
}
