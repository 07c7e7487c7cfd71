/**
 * The socket through which other processes ask the owner of a lab to kill,
 * start and stop. A unix socket in the lab's folder: the folder's permissions
 * decide who may, and nothing listens on the network.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { LabError } from './errors.ts';
import type { Control } from './handle.ts';
import type { ClusterStatus } from './processes/cluster.ts';

export const controlRequestSchema = z.discriminatedUnion('verb', [
  z.object({ verb: z.enum(['kill', 'start', 'stopControlPlane']), cluster: z.string() }),
  z.object({ verb: z.enum(['failZone', 'healZone']), cluster: z.string(), zone: z.string() }),
  z.object({
    verb: z.literal('run'),
    name: z.string(),
    command: z.array(z.string()).min(1),
    environment: z.record(z.string(), z.string()),
  }),
  z.object({ verb: z.enum(['startProgram', 'stopProgram', 'killProgram']), name: z.string() }),
  z.object({ verb: z.literal('stop') }),
  z.object({ verb: z.literal('status') }),
]);
export type ControlRequest = z.infer<typeof controlRequestSchema>;

export const controlErrorSchema = z.object({ code: z.string(), message: z.string() });

export interface ControlServer {
  close(): Promise<void>;
}

/** @param socket path; its folder exists */
export async function serveControl(
  socket: string,
  control: Control,
  status: () => readonly ClusterStatus[],
): Promise<ControlServer> {
  const server = createServer((request, response) => {
    void answer(request, response, control, status);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // The one who asked for the stop is still waiting for its answer.
        server.closeIdleConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  control: Control,
  status: () => readonly ClusterStatus[],
): Promise<void> {
  // Kept-alive connections would hold up the close.
  response.setHeader('connection', 'close');
  try {
    const command = controlRequestSchema.parse(JSON.parse(await bodyOf(request)));
    if (command.verb === 'stop') {
      // Answered first: stopping takes this server down.
      response.end('{}', () => void control.stop());
      return;
    }
    response.end(JSON.stringify((await perform(command, control, status)) ?? {}));
  } catch (error) {
    const code = error instanceof LabError ? error.code : 'SupervisorFailed';
    const message = error instanceof Error ? error.message : String(error);
    response.writeHead(500).end(JSON.stringify({ code, message }));
  }
}

async function perform(
  command: Exclude<ControlRequest, { verb: 'stop' }>,
  control: Control,
  status: () => readonly ClusterStatus[],
): Promise<unknown> {
  switch (command.verb) {
    case 'status':
      return status();
    case 'kill':
      return control.kill(command.cluster);
    case 'start':
      return control.start(command.cluster);
    case 'stopControlPlane':
      return control.stopControlPlane(command.cluster);
    case 'failZone':
      return control.failZone(command.cluster, command.zone);
    case 'healZone':
      return control.healZone(command.cluster, command.zone);
    case 'run':
      return control.run(command);
    case 'startProgram':
      return control.startProgram(command.name);
    case 'stopProgram':
      return control.stopProgram(command.name);
    case 'killProgram':
      return control.killProgram(command.name);
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
