/** How e2e tests get the lab of their worker: `const lab = await getLab()` in a beforeAll. */
import { inject } from 'vitest';
import { attachLab } from '../../hack/lab/lab.ts';
import type { Lab } from '../../hack/lab/types.ts';

/**
 * The worker's lab with everything up: what an earlier file killed is started,
 * failed zones and cut, slow or narrow links are healed. Objects that earlier
 * files left in the clusters are still there, so use namespaces of your own.
 */
export async function getLab(): Promise<Lab> {
  // From 1 to as many as there are workers, and of one file at a time.
  const worker = Number(process.env['VITEST_POOL_ID']);
  const directory = inject('labDirectories')[worker - 1];
  if (directory === undefined) throw new Error(`worker ${worker} has no lab`);
  const lab = await attachLab(directory);
  await Promise.all(
    [lab.source, lab.recovery, lab.objective].map(async (cluster) => {
      await cluster.link.heal();
      await cluster.link.delay(0);
      await cluster.link.throttle(0);
      await cluster.start();
      await Promise.all(cluster.zones.map((zone) => zone.heal()));
    }),
  );
  return lab;
}
