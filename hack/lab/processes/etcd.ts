/**
 * Starts an etcd member and makes sure that it is this one that answers on its
 * port: two clusters that share an etcd by accident look healthy and are not.
 */
import { z } from 'zod';
import type { Component, Launcher } from './component.ts';
import { etcdFlags, etcdUrl } from './control-plane-flags.ts';
import { sendOk } from './http.ts';

const READY_DEADLINE_MS = 60_000;
const membersSchema = z.object({ members: z.array(z.object({ name: z.string().optional() })) });

export interface EtcdPlan {
  readonly name: string;
  readonly member: string;
  readonly directory: string;
  readonly dataDirectory: string;
  readonly logPath: string;
  readonly ports: { readonly client: number; readonly peer: number };
}

/** @throws LabComponentError */
export async function startEtcd(launcher: Launcher, executable: string, plan: EtcdPlan): Promise<Component> {
  const etcd = launcher.launch({
    name: plan.name,
    executable,
    arguments: etcdFlags(plan.member, plan.dataDirectory, plan.ports),
    logPath: plan.logPath,
    directory: plan.directory,
  });
  try {
    await etcd.until('ready', READY_DEADLINE_MS, async () => {
      const answer = await sendOk({
        url: `${etcdUrl(plan.ports.client)}/v3/cluster/member/list`,
        method: 'POST',
        body: {},
        deadline: 2_000,
      });
      const names = membersSchema.parse(JSON.parse(answer)).members.map((member) => member.name);
      if (names.length === 1 && names[0] === plan.member) return true;
      throw new Error(`port ${plan.ports.client} is answered by another etcd: ${names.join(', ')}`);
    });
  } catch (error) {
    await etcd.kill();
    throw error;
  }
  return etcd;
}
