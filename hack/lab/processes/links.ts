/**
 * Network links from the operator to the clusters: one toxiproxy for the lab,
 * one proxy in it per cluster. The proxies are no part of any region, so they
 * stay when a region is killed, as a network does.
 */
import { join } from 'node:path';
import { z } from 'zod';
import type { LabLink } from '../types.ts';
import type { Launcher } from './component.ts';
import { sendOk } from './http.ts';
import { holdPort, LOOPBACK } from './ports.ts';

const READY_DEADLINE_MS = 60_000;
/** The proxy counts in units of 1000 bytes. */
const BYTES_PER_KIB = 1024;
const BYTES_PER_UNIT = 1000;
const proxySchema = z.object({ listen: z.string() });
const toxicsSchema = z.array(z.object({ name: z.string() }));

export interface Links {
  /** `http://127.0.0.1:port` of the proxy's own API. */
  readonly api: string;
  /** @returns the port on which the link listens; it leads to `port` */
  add(name: string, port: number): Promise<number>;
}

export async function startLinks(launcher: Launcher, executable: string, directory: string): Promise<Links> {
  const held = await holdPort();
  await held.release();
  const component = launcher.launch({
    name: 'toxiproxy',
    executable,
    arguments: ['-host', LOOPBACK, '-port', String(held.port)],
    environment: { LOG_LEVEL: 'warn' },
    logPath: join(directory, 'toxiproxy.log'),
    directory,
  });
  const api = `http://${LOOPBACK}:${held.port}`;
  await component.until('ready', READY_DEADLINE_MS, () => sendOk({ url: `${api}/version`, deadline: 1_000 }));
  return {
    api,
    add: async (name, port) => {
      // Port 0: the proxy takes a free one and says which.
      const proxy = { name, listen: `${LOOPBACK}:0`, upstream: `${LOOPBACK}:${port}`, enabled: true };
      const answer = await sendOk({ url: `${api}/proxies`, method: 'POST', body: proxy });
      return Number(proxySchema.parse(JSON.parse(answer)).listen.split(':').at(-1));
    },
  };
}

/** One cluster's link, from any process that knows the proxy's API. */
export function linkOf(api: string, name: string): LabLink {
  const toxics = `${api}/proxies/${name}/toxics`;
  const names = async () =>
    toxicsSchema.parse(JSON.parse(await sendOk({ url: toxics }))).map((toxic) => toxic.name);
  const put = async (type: string, attributes: object) => {
    for (const stream of ['upstream', 'downstream']) {
      const toxic = `${type}-${stream}`;
      await remove(toxic);
      await sendOk({ url: toxics, method: 'POST', body: { name: toxic, type, stream, attributes } });
    }
  };
  const remove = async (toxic: string) => {
    if ((await names()).includes(toxic)) await sendOk({ url: `${toxics}/${toxic}`, method: 'DELETE' });
  };
  const clear = async (type: string) => {
    for (const stream of ['upstream', 'downstream']) await remove(`${type}-${stream}`);
  };
  return {
    // A timeout of 0 swallows all data and never closes: neither reset nor answer.
    cut: () => put('timeout', { timeout: 0 }),
    heal: () => clear('timeout'),
    delay: (milliseconds) =>
      milliseconds === 0 ? clear('latency') : put('latency', { latency: milliseconds }),
    throttle: (kibibytes) =>
      kibibytes === 0 ? clear('bandwidth') : put('bandwidth', { rate: proxyRate(kibibytes) }),
  };
}

/** Whole units of the proxy, never 0, which would stop all traffic. */
export function proxyRate(kibibytesPerSecond: number): number {
  return Math.max(1, Math.round((kibibytesPerSecond * BYTES_PER_KIB) / BYTES_PER_UNIT));
}
