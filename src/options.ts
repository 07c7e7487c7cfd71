/** The operator's command line, parsed and checked before anything starts. */
import { parseArgs } from 'node:util';
import { type Millis, parseDuration } from './domain/time.ts';
import { type ListenAddress, parseListen } from './server/listen.ts';

export interface Options {
  /** Where this operator runs: its lease and the kubeconfig Secrets are here. */
  readonly namespace: string;
  /** Default directory of recovery points. */
  readonly storeDir: string;
  /** Of /healthz, /readyz and /metrics. */
  readonly listen: ListenAddress;
  /** Unique among replicas. */
  readonly identity: string;
  /** Of the objective cluster; absent: the Pod's own ServiceAccount. */
  readonly kubeconfig: string | undefined;
  readonly logLevel: string;
  readonly lease: { readonly duration: Millis; readonly renewDeadline: Millis; readonly retryPeriod: Millis };
}

export type ParsedOptions =
  | { readonly kind: 'options'; readonly options: Options }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'invalid'; readonly message: string };

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'];

export const USAGE = `antipode: disaster recovery operator for Kubernetes

  --namespace NAME          namespace of the operator's lease and of the kubeconfig Secrets (required)
  --store-dir DIR           default directory of recovery points (default /var/lib/antipode/points)
  --listen HOST:PORT        address of /healthz, /readyz, /metrics (default :8080, which is every address of
                            IPv4 and IPv6); one of IPv6 in brackets: [::1]:8080
  --identity NAME           unique name of this replica (required)
  --kubeconfig FILE         kubeconfig of the objective cluster (default: the Pod's ServiceAccount)
  --log-level LEVEL         ${LOG_LEVELS.join(', ')} (default info)
  --lease-duration 15s      how long a lost leader is waited for; also --lease-renew-deadline 10s, --lease-retry-period 2s
`;

export function parseOptions(args: readonly string[]): ParsedOptions {
  const read = readFlags(args);
  if (typeof read === 'string') return { kind: 'invalid', message: read };
  if (read.help === true) return { kind: 'help', text: USAGE };
  const { namespace, identity } = read;
  if (namespace === undefined) return { kind: 'invalid', message: '--namespace is required' };
  if (identity === undefined) return { kind: 'invalid', message: '--identity is required' };
  const listen = parseListen(read.listen);
  if (listen === undefined) {
    const message = `--listen is "${read.listen}": write HOST:PORT, [IPV6]:PORT or :PORT`;
    return { kind: 'invalid', message };
  }
  if (!LOG_LEVELS.includes(read['log-level'])) {
    return {
      kind: 'invalid',
      message: `--log-level is "${read['log-level']}": one of ${LOG_LEVELS.join(', ')}`,
    };
  }
  const lease = parseLease(read);
  if (typeof lease === 'string') return { kind: 'invalid', message: lease };
  const { kubeconfig } = read;
  const options = {
    namespace,
    identity,
    listen,
    kubeconfig,
    lease,
    storeDir: read['store-dir'],
    logLevel: read['log-level'],
  };
  return { kind: 'options', options };
}

/** The flags' values, or what is wrong with them. */
function readFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        namespace: { type: 'string' },
        'store-dir': { type: 'string', default: '/var/lib/antipode/points' },
        listen: { type: 'string', default: ':8080' },
        identity: { type: 'string' },
        kubeconfig: { type: 'string' },
        'log-level': { type: 'string', default: 'info' },
        'lease-duration': { type: 'string', default: '15s' },
        'lease-renew-deadline': { type: 'string', default: '10s' },
        'lease-retry-period': { type: 'string', default: '2s' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    return error instanceof Error ? error.message : 'unreadable flags';
  }
}

type LeaseFlags = Readonly<Record<'lease-duration' | 'lease-renew-deadline' | 'lease-retry-period', string>>;

function parseLease(flags: LeaseFlags): Options['lease'] | string {
  const duration = parseDuration(flags['lease-duration']);
  const renewDeadline = parseDuration(flags['lease-renew-deadline']);
  const retryPeriod = parseDuration(flags['lease-retry-period']);
  if (duration === undefined || renewDeadline === undefined || retryPeriod === undefined) {
    return 'the --lease-… flags are durations such as 15s';
  }
  return duration > renewDeadline && renewDeadline > retryPeriod && retryPeriod > 0
    ? { duration, renewDeadline, retryPeriod }
    : '--lease-duration must exceed --lease-renew-deadline, and that --lease-retry-period';
}
