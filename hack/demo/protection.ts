/** The demo's two regions and its scenario, read from protection.yaml, with the lab's addresses filled in. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { type Fields, fieldsAt, isFields, textAt } from '../../src/api/fields.ts';
import type { Lab, LabCluster } from '../lab/types.ts';

export const PROTECTION_FILE = join(import.meta.dirname, 'protection.yaml');

/** @param plan replaces fields of the scenario's spec */
export async function loadProtection(lab: Lab, plan: object): Promise<readonly Fields[]> {
  const objects = loadAll(await readFile(PROTECTION_FILE, 'utf8')).filter(isFields);
  return objects.map((object) => filledIn(object, lab, plan));
}

function filledIn(object: Fields, lab: Lab, plan: object): Fields {
  const spec = fieldsAt(object, 'spec') ?? {};
  if (textAt(object, 'kind') === 'RegionHealth') {
    const name = textAt(object, 'metadata', 'name');
    const cluster = [lab.source, lab.recovery].find((candidate) => candidate.name === name);
    return cluster === undefined ? object : { ...object, spec: { ...spec, probes: probesOf(cluster) } };
  }
  const dns = { ...fieldsAt(spec, 'dns'), authoritativeServers: [lab.dns.server] };
  return { ...object, spec: { ...spec, ...plan, dns } };
}

/** One HTTP probe a zone: what a user's own load balancer health check would ask. */
export function probesOf(cluster: LabCluster): readonly Fields[] {
  return cluster.zones.map(({ name, probeUrl }) => ({ name, zone: name, http: { url: probeUrl } }));
}
