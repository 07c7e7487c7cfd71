/** Starts the operator as its command line says and ends it when it is told to. Everything else is in `operator.ts`. */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pino } from 'pino';
import { systemClock } from './clock.ts';
import { endNow, LAST_MOMENTS_MILLIS } from './ending.ts';
import { type Connection, inClusterConnection, parseKubeconfig } from './kube/kubeconfig.ts';
import { describeError } from './kube/log.ts';
import { runOperator } from './operator.ts';
import { type Options, parseOptions } from './options.ts';
import { threadsFrom } from './store/file-turns.ts';

/**
 * Exit codes: 0 told to stop, 1 could not go on (Kubernetes starts it anew), 2 unusable command line; 134 or
 * 139, by SIGABRT, when a file operation never ends.
 */
async function main(): Promise<number> {
  const parsed = parseOptions(process.argv.slice(2));
  if (parsed.kind === 'help') {
    process.stdout.write(parsed.text);
    return 0;
  }
  if (parsed.kind === 'invalid') {
    process.stderr.write(`antipode: ${parsed.message}; see --help\n`);
    return 2;
  }
  const { options } = parsed;
  const log = pino({ level: options.logLevel, base: null });
  const connection = await objectiveConnection(options);
  if (typeof connection === 'string') {
    log.error({}, connection);
    return 2;
  }
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const threads = threadsFrom(process.env['UV_THREADPOOL_SIZE']);
  const ambient = { clock: systemClock, random: Math.random, log, threads };
  const code = await runOperator(options, connection, ambient, stop.signal).then(
    () => (stop.signal.aborted ? 0 : 1),
    (error: unknown) => {
      log.fatal({}, describeError(error));
      return 1;
    },
  );
  // Does not keep the process: it fires only if something else does.
  setTimeout(() => endNow(code, process, log), LAST_MOMENTS_MILLIS).unref();
  return code;
}

/** How to reach the objective cluster, or why that cannot be known. */
async function objectiveConnection({ kubeconfig }: Options): Promise<Connection | string> {
  if (kubeconfig === undefined) {
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
    return host === undefined || port === undefined
      ? 'not in a Pod: pass --kubeconfig FILE'
      : inClusterConnection({ host, port, directory: '/var/run/secrets/kubernetes.io/serviceaccount' });
  }
  try {
    const text = await readFile(kubeconfig, 'utf8');
    const parsed = parseKubeconfig(text, { kind: 'file', directory: dirname(kubeconfig) }, systemClock.now());
    return parsed.kind === 'valid' ? parsed.connection : `--kubeconfig ${kubeconfig}: ${parsed.message}`;
  } catch (error) {
    return `--kubeconfig ${kubeconfig} cannot be read: ${describeError(error)}`;
  }
}

process.exitCode = await main();
