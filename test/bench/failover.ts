/**
 * `make bench`: the README's promises, measured on the lab with the sample shop.
 * Prints each figure beside its limit, writes `bench.json`, and ends with 1 when
 * a limit is passed.
 */
import { writeFileSync } from 'node:fs';
import { askAuthority } from '../../hack/harness/dns.ts';
import { untilExecuted } from '../../hack/harness/executions.ts';
import { buildOperator } from '../../hack/harness/operator.ts';
import { deployShop, loadShop } from '../../hack/harness/shop.ts';
import { waitFor } from '../../hack/harness/wait.ts';
import { startLab } from '../../hack/lab/lab.ts';
import type { Lab } from '../../hack/lab/types.ts';
import {
  type Antipode,
  aNamespace,
  apply,
  aScenario,
  FAILED_FOR,
  installOn,
  untilScenario,
} from '../e2e/support/antipode.ts';

import { type Figure, print } from './figures.ts';
import { orderingFigures } from './ordering.ts';

const KEY = { namespace: 'bench-dr', scenario: 'shop' };
const HOSTNAME = 'bench.dr.test';
const secondsSince = (started: number): number => (performance.now() - started) / 1000;

async function failoverFigures(): Promise<readonly Figure[]> {
  const started = performance.now();
  const lab = await startLab({ progress: (line) => console.log(line) });
  const up = secondsSince(started);
  try {
    const antipode = await installOn(lab);
    try {
      return [
        { what: 'three clusters and DNS ready', value: up, unit: 's', limit: 25 },
        ...(await lose(lab, antipode)),
      ];
    } finally {
      await antipode.remove();
    }
  } finally {
    await lab.stop();
  }
}

async function lose(lab: Lab, antipode: Antipode): Promise<readonly Figure[]> {
  const protectedIn = await protect(lab, antipode);
  const memory = [await antipode.operator().memory()];
  const killedAt = performance.now();
  await lab.source.kill();
  const execution = await untilExecuted(lab.objective, KEY, 120);
  const total = secondsSince(killedAt);
  memory.push(await antipode.operator().memory());
  const { report, message } = execution.status;
  if (report === undefined) throw new Error(`the failover did not succeed: ${message}`);
  const recovery = report.achievedRtoMillis / 1000;
  return [
    { what: 'declared to protected, DNS answering', value: protectedIn, unit: 's', limit: 30 },
    {
      what: `killed to verdict (configured: ${FAILED_FOR} s)`,
      value: total - recovery,
      unit: 's',
      limit: FAILED_FOR + 10,
    },
    { what: 'verdict to all ready and DNS answering', value: recovery, unit: 's', limit: 60 },
    { what: 'operator memory (RSS)', value: Math.max(...memory), unit: 'MiB', limit: 250 },
  ];
}

async function protect(lab: Lab, antipode: Antipode): Promise<number> {
  const shop = await loadShop('bench');
  await deployShop(lab.source, shop);
  const service = { namespace: shop.namespaces[0], name: 'web' };
  const dns = {
    records: [{ hostname: HOSTNAME, source: { service }, recovery: { service } }],
    authoritativeServers: [lab.dns.server],
  };
  const spec = { failover: { mode: 'Automatic' }, dns };
  const started = performance.now();
  await apply(lab.objective, [
    aNamespace(KEY.namespace),
    aScenario(lab, { namespace: KEY.namespace, name: KEY.scenario, namespaces: shop.namespaces, spec }),
  ]);
  await untilScenario(
    lab,
    antipode,
    { namespace: KEY.namespace, name: KEY.scenario },
    'Protected',
    ({ phase }) => phase === 'Protected',
  );
  await waitFor({ what: `${HOSTNAME} to answer`, seconds: 60 }, () => askAuthority(lab.dns.server, HOSTNAME));
  return secondsSince(started);
}

await buildOperator();
const figures = [...orderingFigures(), ...(await failoverFigures())];
print(figures);
writeFileSync('bench.json', `${JSON.stringify(figures, undefined, 2)}\n`);
process.exitCode = figures.every(({ value, limit = Infinity }) => value <= limit) ? 0 : 1;
