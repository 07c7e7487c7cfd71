/** A lab that another process owns, reached by its control socket. */
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { type ControlRequest, controlErrorSchema } from './control-server.ts';
import { ownerOf } from './directories.ts';
import { LabError } from './errors.ts';
import { type LabFacts, readFacts } from './facts.ts';
import { type Control, labHandle } from './handle.ts';
import { type ClusterStatus, clusterStatusSchema } from './processes/cluster.ts';
import { send } from './processes/http.ts';
import { isAlive } from './processes/process-identity.ts';
import type { Lab } from './types.ts';

/** A cluster that starts on a busy machine takes its time. */
const DEADLINE_MS = 180_000;
const STOP_DEADLINE_MS = 60_000;
const POLL_MS = 100;
const startedSchema = z.object({ pid: z.number().int().positive(), logFile: z.string() });

/** @throws LabError 'NotRunning' */
export async function attachTo(directory: string): Promise<Lab> {
  const facts = readLiveFacts(directory);
  return labHandle(facts, remoteControl(facts));
}

/** @throws LabError 'NotRunning', also when the owner of what is there is dead */
export function readLiveFacts(directory: string): LabFacts {
  const owner = ownerOf(directory);
  if (owner === undefined || !isAlive(owner)) {
    throw new LabError('NotRunning', `no running lab in ${directory}`);
  }
  return readFacts(directory);
}

export async function fetchStatus(facts: LabFacts): Promise<readonly ClusterStatus[]> {
  return z.array(clusterStatusSchema).parse(await ask(facts, { verb: 'status' }));
}

function remoteControl(facts: LabFacts): Control {
  const tell = async (request: ControlRequest) => {
    await ask(facts, request);
  };
  return {
    kill: (cluster) => tell({ verb: 'kill', cluster }),
    stopControlPlane: (cluster) => tell({ verb: 'stopControlPlane', cluster }),
    start: (cluster) => tell({ verb: 'start', cluster }),
    failZone: (cluster, zone) => tell({ verb: 'failZone', cluster, zone }),
    healZone: (cluster, zone) => tell({ verb: 'healZone', cluster, zone }),
    run: async ({ name, command, environment }) =>
      startedSchema.parse(await ask(facts, { verb: 'run', name, command: [...command], environment })),
    startProgram: async (name) => startedSchema.parse(await ask(facts, { verb: 'startProgram', name })),
    stopProgram: (name) => tell({ verb: 'stopProgram', name }),
    killProgram: (name) => tell({ verb: 'killProgram', name }),
    stop: async () => {
      await tell({ verb: 'stop' });
      await untilGone(facts.directory);
    },
  };
}

async function ask(facts: LabFacts, request: ControlRequest): Promise<unknown> {
  const answer = await send({
    url: 'http://lab/',
    socketPath: facts.socket,
    method: 'POST',
    body: request,
    deadline: DEADLINE_MS,
  }).catch((cause: unknown) => {
    throw new LabError('NotRunning', `the lab in ${facts.directory} does not answer`, { cause });
  });
  const body: unknown = JSON.parse(answer.text);
  if (answer.status === 200) return body;
  throw new LabError('SupervisorFailed', controlErrorSchema.parse(body).message);
}

/** The folder is the last thing that a lab removes. */
async function untilGone(directory: string): Promise<void> {
  const end = performance.now() + STOP_DEADLINE_MS;
  while (existsSync(directory)) {
    if (performance.now() > end) {
      throw new LabError(
        'SupervisorFailed',
        `the lab did not remove ${directory} in ${STOP_DEADLINE_MS / 1000} s`,
      );
    }
    await pause(POLL_MS);
  }
}
