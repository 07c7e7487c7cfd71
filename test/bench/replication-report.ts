/**
 * What a measurement of replication has found, the promises it is held to, and
 * the table that shows both. Pure: the measuring is done elsewhere.
 */

/** In the order in which they are shown. */
export const WAYS = [
  'Velero backup',
  'native capture',
  'native capture and proof',
  'Velero restore',
  'native restore',
  'bare client apply',
] as const;
export type Way = (typeof WAYS)[number];
/** Those that are measured with claims too. */
export const CLAIM_WAYS = WAYS.filter((way) => way !== 'bare client apply');

interface Rounds {
  readonly way: Way;
  /** One for each round, in the order of the rounds. */
  readonly seconds: readonly number[];
}
/** One way at one size. */
export interface Timing extends Rounds {
  readonly objects: number;
}
/** One way with so many claims and their data. */
export interface ClaimTiming extends Rounds {
  readonly claims: number;
}

/** Cycles in which the source had not changed. */
export interface Idle {
  readonly objects: number;
  readonly millis: readonly number[];
  /** To the API server of the source, those that keep the mirror included. */
  readonly requests: readonly number[];
}

export interface Memory {
  readonly objects: number;
  /** Highest resident memory of a process that ran nothing but the native engine, in MiB. */
  readonly mebibytes: number;
}

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
}

export interface Findings {
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly machine: Machine;
  /** One-minute load averages, taken before each round; above the number of cores others were at work too. */
  readonly load: readonly number[];
  readonly timings: readonly Timing[];
  readonly idle: readonly Idle[];
  /** Of the native engine: what a capture sends after a change, but for a manifest and lists of names. */
  readonly archives: readonly { readonly objects: number; readonly bytes: number }[];
  readonly memory?: Memory;
  readonly claims?: readonly ClaimTiming[];
}

export interface Verdict {
  readonly what: string;
  /** With its unit. */
  readonly measured: string;
  readonly promised: string;
  readonly held: boolean;
}

/** Fewest objects for which the promises about speed are made: below, what is fixed outweighs what grows. */
const PROMISED_FROM = 2_000;
const RESTORE_TIMES_VELERO = 10;
const RESTORE_SHARE_OF_BARE = 0.8;
const CAPTURE_SHARE_OF_VELERO = 0.5;
const IDLE_MILLIS = 200;
const IDLE_REQUESTS = 5;
const MEMORY_MIB = 400;

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/**
 * How many times `than` the way `way` takes: the median over the rounds, each
 * compared within itself, as neighbours in time had the machine in the same mood.
 * @param timings of one size
 */
function ratioOf(timings: readonly Rounds[], way: Way, than: Way): number {
  const secondsOf = (wanted: Way): readonly number[] =>
    timings.find((timing) => timing.way === wanted)?.seconds ?? [];
  const others = secondsOf(than);
  return median(secondsOf(way).map((taken, round) => taken / (others[round] ?? Number.NaN)));
}

const sizesOf = ({ timings }: Findings): readonly number[] => [
  ...new Set(timings.map(({ objects }) => objects)),
];
const timingsOf = ({ timings }: Findings, objects: number): readonly Timing[] =>
  timings.filter((timing) => timing.objects === objects);
const counted = (count: number): string => `${count.toLocaleString('en')} objects`;

/** A promise of which nothing was measured has no verdict; a figure that is no number holds none. */
export function judge(findings: Findings): readonly Verdict[] {
  const large = sizesOf(findings).filter((objects) => objects >= PROMISED_FROM);
  const idle = findings.idle.filter(({ objects }) => objects >= PROMISED_FROM);
  const { memory } = findings;
  return [
    ...large.flatMap((objects) => judgeSpeed(findings, objects)),
    ...idle.flatMap(judgeIdle),
    ...(memory === undefined ? [] : [judgeMemory(memory)]),
  ];
}

function judgeSpeed(findings: Findings, objects: number): readonly Verdict[] {
  const timings = timingsOf(findings, objects);
  const faster = ratioOf(timings, 'Velero restore', 'native restore');
  const share = 1 / ratioOf(timings, 'native restore', 'bare client apply');
  const capture = ratioOf(timings, 'native capture', 'Velero backup');
  return [
    {
      what: `restore of ${counted(objects)}, speed beside Velero's`,
      measured: `${faster.toFixed(1)} x`,
      promised: `>= ${RESTORE_TIMES_VELERO} x`,
      held: faster >= RESTORE_TIMES_VELERO,
    },
    {
      what: `restore of ${counted(objects)}, share of the bare client's rate`,
      measured: percent(share),
      promised: `>= ${percent(RESTORE_SHARE_OF_BARE)}`,
      held: share >= RESTORE_SHARE_OF_BARE,
    },
    {
      what: `capture of ${counted(objects)}, time beside Velero's`,
      measured: `${capture.toFixed(3)} x`,
      promised: `<= ${CAPTURE_SHARE_OF_VELERO} x`,
      held: capture <= CAPTURE_SHARE_OF_VELERO,
    },
  ];
}

function judgeIdle({ objects, millis, requests }: Idle): readonly Verdict[] {
  const [time, most] = [median(millis), Math.max(...requests)];
  return [
    {
      what: `cycle without a change, ${counted(objects)}`,
      measured: `${time.toFixed(1)} ms`,
      promised: `< ${IDLE_MILLIS} ms`,
      held: time < IDLE_MILLIS,
    },
    {
      what: `  its requests to the source, at most`,
      measured: String(most),
      promised: `< ${IDLE_REQUESTS}`,
      held: most < IDLE_REQUESTS,
    },
  ];
}

function judgeMemory({ objects, mebibytes }: Memory): Verdict {
  return {
    what: `memory of the engine, ${counted(objects)}`,
    measured: `${mebibytes.toFixed(0)} MiB`,
    promised: `<= ${MEMORY_MIB} MiB`,
    held: mebibytes <= MEMORY_MIB,
  };
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

/** Markdown, so that it can be shown in docs as it is printed. */
export function tables(findings: Findings): string {
  const { claims = [] } = findings;
  const promises = [
    ['promise', 'measured', 'promised', ''],
    ...judge(findings).map(({ what, measured, promised, held }) => [
      what,
      measured,
      promised,
      held ? 'held' : 'MISSED',
    ]),
  ];
  const ofObjects = sizesOf(findings).flatMap((objects) => rowsOf(timingsOf(findings, objects), objects));
  const ofClaims = [...new Set(claims.map((timing) => timing.claims))].flatMap((count) =>
    rowsOf(
      claims.filter((timing) => timing.claims === count),
      count,
    ),
  );
  const shown = [markdown([headed('objects'), ...ofObjects]), markdown(promises)];
  if (claims.length > 0) shown.splice(1, 0, markdown([headed('claims'), ...ofClaims]));
  return `${shown.join('\n\n')}\n`;
}

const headed = (what: string): readonly string[] => [
  what,
  'what',
  'median',
  'spread',
  `${what}/s`,
  "beside Velero's time",
];

/** @param timings of one size */
function rowsOf(timings: readonly Rounds[], count: number): readonly (readonly string[])[] {
  return timings.map(({ way, seconds }) => {
    const middle = median(seconds);
    const velero = isCapture(way) ? 'Velero backup' : 'Velero restore';
    return [
      count.toLocaleString('en'),
      way,
      `${middle.toFixed(2)} s`,
      `${Math.min(...seconds).toFixed(2)} - ${Math.max(...seconds).toFixed(2)} s`,
      (count / middle).toFixed(count / middle < 10 ? 1 : 0),
      `${ratioOf(timings, way, velero).toFixed(2)} x`,
    ];
  });
}

export const isCapture = (way: Way): boolean => way === 'Velero backup' || way.startsWith('native capture');

function markdown(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [heading = [], ...rest] = rows;
  return [line(heading), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join('\n');
}
