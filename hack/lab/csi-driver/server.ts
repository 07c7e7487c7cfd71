/**
 * The driver's services on a unix socket: what csi.proto names is answered by
 * the handlers, with the faults of the moment around each call and a line in
 * the log for those that change or look for something.
 */
import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import type { Deps, Handlers } from './deps.ts';
import { toStatus } from './errors.ts';
import { delayOf, failIfAsked } from './faults.ts';
import { groupHandlers } from './groups.ts';
import { snapshotHandlers } from './snapshots.ts';
import { volumeHandlers } from './volumes.ts';

const VERSION = '0.1.0';
const PROTOCOL = fileURLToPath(new URL('./csi.proto', import.meta.url));
/** Sidecars ask these all the time. */
const QUIET = /Probe|Capabilities|GetPluginInfo/;

export interface ServerOptions {
  readonly deps: Deps;
  readonly socket: string;
  /** The driver's, as in StorageClass and VolumeSnapshotClass. */
  readonly name: string;
  readonly log: (line: string) => void;
}

export interface RunningServer {
  /** Calls under way are cut off: sidecars stay connected and an orderly end would wait for them. */
  stop(): void;
}

/** Resolves when sidecars can connect. */
export async function serve({ deps, socket, name, log }: ServerOptions): Promise<RunningServer> {
  const definitions = loadSync(PROTOCOL, {
    keepCase: true,
    longs: Number,
    enums: String,
    oneofs: true,
    defaults: true,
  });
  const services: Readonly<Record<string, Handlers>> = {
    Identity: identityHandlers(deps, name),
    Controller: { ...controllerCapabilities, ...volumeHandlers(deps), ...snapshotHandlers(deps) },
    GroupController: groupHandlers(deps),
  };
  const server = new Server();
  for (const [service, handlers] of Object.entries(services)) {
    server.addService(serviceOf(definitions, `csi.v1.${service}`), served(handlers, deps, log));
  }
  // Left by a driver that was killed; nobody listens there any more.
  rmSync(socket, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  return { stop: () => server.forceShutdown() };
}

function identityHandlers(deps: Deps, name: string): Handlers {
  const services = [
    'CONTROLLER_SERVICE',
    'GROUP_CONTROLLER_SERVICE',
    ...(deps.topology === undefined ? [] : ['VOLUME_ACCESSIBILITY_CONSTRAINTS']),
  ];
  return {
    GetPluginInfo: async () => ({ name, vendor_version: VERSION }),
    GetPluginCapabilities: async () => ({ capabilities: services.map((type) => ({ service: { type } })) }),
    Probe: async () => ({ ready: { value: true } }),
  };
}

// Without LIST_SNAPSHOTS the snapshotter takes any handle for a snapshot that is there.
const controllerCapabilities: Handlers = {
  ControllerGetCapabilities: async () => ({
    capabilities: [
      'CREATE_DELETE_VOLUME',
      'CREATE_DELETE_SNAPSHOT',
      'LIST_SNAPSHOTS',
      'LIST_VOLUMES',
      'CLONE_VOLUME',
      'EXPAND_VOLUME',
      'SINGLE_NODE_MULTI_WRITER',
    ].map((type) => ({ rpc: { type } })),
  }),
};

function served(handlers: Handlers, deps: Deps, log: (line: string) => void): UntypedServiceImplementation {
  const implementation: UntypedServiceImplementation = {};
  for (const [call, handle] of Object.entries(handlers)) {
    implementation[call] = (
      { request }: ServerUnaryCall<unknown, object>,
      respond: sendUnaryData<object>,
    ): void => {
      const tell = (outcome: string) => {
        if (!QUIET.test(call)) log(`${call} ${outcome} ${JSON.stringify(request)}`);
      };
      withFaults(call, deps, () => handle(request)).then(
        (answer) => {
          tell('ok');
          respond(null, answer);
        },
        (error: unknown) => {
          const refusal = toStatus(error);
          tell(`refused (${refusal.details})`);
          respond(refusal);
        },
      );
    };
  }
  return implementation;
}

async function withFaults(call: string, deps: Deps, work: () => Promise<object>): Promise<object> {
  const faults = deps.faults();
  failIfAsked(faults, call);
  const answer = await work();
  await pause(delayOf(faults, call));
  return answer;
}

function serviceOf(definitions: PackageDefinition, name: string): ServiceDefinition {
  const definition = definitions[name];
  if (definition === undefined || isType(definition)) throw new Error(`csi.proto has no service ${name}`);
  return definition;
}

/** A message or an enum, of which only such definitions have a format. */
function isType(
  definition: PackageDefinition[string],
): definition is Exclude<PackageDefinition[string], ServiceDefinition> {
  return typeof definition['format'] === 'string';
}
