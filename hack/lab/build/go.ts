/**
 * Runs the Go compiler on one of the lab's modules. The environment is the
 * user's (proxy, caches) less what would change the result or break it: flags
 * such as `-mod=vendor`, a workspace around the checkout, another target.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../errors.ts';
import { goDirective } from './versions.ts';

const TAIL_LINES = 25;

export function goEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { GOOS: _os, GOARCH: _arch, GOBIN: _bin, ...kept } = environment;
  return { ...kept, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' };
}

/**
 * What `go version` prints for a module.
 * @throws LabError 'GoUnusable' saying which version is needed
 */
export async function compilerVersion(
  moduleDirectory: string,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const needed = goDirective(readFileSync(join(moduleDirectory, 'go.mod'), 'utf8')) ?? 'a recent version';
  const advice = `The lab builds its servers with Go ${needed} or newer. Install it and put it on PATH.`;
  let result: { readonly code: number; readonly output: string };
  try {
    result = await runGo(['version'], moduleDirectory, environment);
  } catch (cause) {
    throw new LabError('GoUnusable', `go could not be started. ${advice}`, { cause });
  }
  if (result.code !== 0) {
    throw new LabError('GoUnusable', `${tail(result.output)}\n${advice}`);
  }
  return result.output.trim();
}

/** @throws LabError 'BuildFailed' with the tail of the compiler's output */
export async function goBuild(
  request: { readonly directory: string; readonly arguments: readonly string[]; readonly what: string },
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const result = await runGo(request.arguments, request.directory, environment);
  if (result.code === 0) return;
  throw new LabError(
    'BuildFailed',
    [
      `Building ${request.what} failed (go ended with ${result.code}):`,
      tail(result.output),
      'Modules that could not be downloaded: check GOPROXY and the network. To see it all, run',
      `  cd ${request.directory} && GOFLAGS= GOWORK=off CGO_ENABLED=0 go ${request.arguments.map(quote).join(' ')}`,
    ].join('\n'),
  );
}

function runGo(
  args: readonly string[],
  directory: string,
  environment: NodeJS.ProcessEnv,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('go', [...args], {
      cwd: directory,
      env: goEnvironment(environment),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** The end of the output, without the hundreds of download lines that come before a failure. */
function tail(output: string): string {
  const lines = output
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('go: downloading '));
  return lines.slice(-TAIL_LINES).join('\n');
}

function quote(argument: string): string {
  return /[^\w./=:-]/.test(argument) ? `'${argument}'` : argument;
}
