/**
 * A process that runs nothing but the native engine, through everything it does
 * with a load: capture, proof, cycles without a change, restore. Told on
 * standard input where to work; prints its highest resident memory in MiB.
 * Compiled and started by replication.ts: a TypeScript loader in it would count.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { testClient } from '../e2e/kube/client.ts';
import { identityOf, mirroredEngine, nativeStore, untilUnchanged } from './replication-engine.ts';
import { restoreUnits } from './restore-load.ts';

const taskSchema = z.object({
  sourceKubeconfig: z.string(),
  recoveryKubeconfig: z.string(),
  s3: z.object({
    endpoint: z.string(),
    region: z.string(),
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
  }),
  namespace: z.string(),
});
export type MemoryTask = z.infer<typeof taskSchema>;

const task = taskSchema.parse(JSON.parse(readFileSync(0, 'utf8')));
const signal = new AbortController().signal;
const stop = new AbortController();
const [source, recovery] = [testClient(task.sourceKubeconfig), testClient(task.recoveryKubeconfig)];
const engine = mirroredEngine(nativeStore(task.s3), stop.signal);
const scenario = identityOf(task.namespace);

await untilUnchanged(engine, source.cluster, task.namespace);
const [newest] = await engine.points(scenario, signal);
if (newest === undefined) throw new Error('nothing was captured');
const point = await engine.open(newest.name, signal);
await restoreUnits(engine, point, scenario, recovery.cluster, signal);
console.log(highestResident().toFixed(1));

stop.abort();
await Promise.all([source.cluster.close(), recovery.cluster.close()]);

/** As the kernel kept it, so that no peak between two looks is missed. In MiB. */
function highestResident(): number {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  if (kibibytes === undefined) throw new Error('the kernel does not tell the highest resident memory');
  return Number(kibibytes) / 1024;
}
