/**
 * Programs that run beside the clusters by name: operators, and the servers of
 * add-ons. Unlike the lab's own servers nothing here knows what they are or
 * when they are ready; whoever runs them does.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../errors.ts';
import type { StartedProgram } from '../types.ts';
import type { Component, ComponentSpec, Launcher } from './component.ts';

/** To come into being, not to be ready. */
const START_DEADLINE_MS = 60_000;
/** It becomes part of file names. */
const NAME = /^[a-z0-9][a-z0-9-]*$/;

export interface ProgramRequest {
  readonly name: string;
  /** Absolute path of the program and its arguments. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** The promises are those of `Lab.run` and `LabProgram`. */
export interface Programs {
  run(request: ProgramRequest): Promise<StartedProgram>;
  start(name: string): Promise<StartedProgram>;
  stop(name: string): Promise<void>;
  kill(name: string): Promise<void>;
}

interface Program {
  readonly spec: ComponentSpec & { readonly pidFile: string };
  readonly component: Component;
}

/** @param directory for their logs; it exists */
export function createPrograms(launcher: Launcher, directory: string): Programs {
  const programs = new Map<string, Program>();
  const find = (name: string): Program => {
    const program = programs.get(name);
    if (program !== undefined) return program;
    const known = programs.size === 0 ? 'none was run yet' : `only ${[...programs.keys()].join(', ')}`;
    throw new LabError('UnknownName', `there is no program ${name}: ${known}`);
  };
  const launch = (spec: Program['spec']): Promise<StartedProgram> => {
    const component = launcher.launch(spec);
    programs.set(spec.name, { spec, component });
    return started(component, spec.pidFile);
  };
  return {
    run: async (request) => {
      if (programs.get(request.name)?.component.running === true) {
        throw new LabError('AlreadyRunning', `a program called ${request.name} is running already`);
      }
      return launch(specOf(request, directory));
    },
    start: async (name) => {
      const { spec, component } = find(name);
      return component.running ? started(component, spec.pidFile) : launch(spec);
    },
    stop: async (name) => find(name).component.stop(),
    kill: async (name) => find(name).component.kill(),
  };
}

function specOf({ name, command, environment }: ProgramRequest, directory: string): Program['spec'] {
  if (!NAME.test(name)) {
    throw new LabError('UnknownName', `a program cannot be called "${name}", only lower-case words with -`);
  }
  const [executable = '', ...args] = command;
  return {
    name,
    executable,
    arguments: args,
    environment,
    directory,
    logPath: join(directory, `${name}.log`),
    pidFile: join(directory, `${name}.pid`),
  };
}

async function started(component: Component, pidFile: string): Promise<StartedProgram> {
  const pid = await component.until('started', START_DEADLINE_MS, async () => {
    const text = readFileSync(pidFile, 'utf8');
    // Without its newline it is half written.
    return text.endsWith('\n') ? Number(text) : undefined;
  });
  return { pid, logFile: component.logPath };
}
